"""Opened datasets: what they give, and how damage is found."""

from __future__ import annotations

import numpy as np
import pytest

from genharness import ConfigError, DataError
from genharness.data import ensure_prepared, open_prepared, verify_arrays


def test_arrays_cannot_be_written_to(toy):
    samples = ensure_prepared(toy.spec, "toy").samples("train")
    with pytest.raises(ValueError, match="read-only"):
        samples[0] = 0


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def replace_with_pickle(path):
    np.save(path, np.array([print], dtype=object), allow_pickle=True)


@pytest.mark.parametrize("file", ["train/images.npy", "test/labels.npy", "meta.json"])
@pytest.mark.parametrize("damage", [truncate, lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_damage_is_named_with_the_command_that_mends_it(toy, file, damage):
    data = ensure_prepared(toy.spec, "toy")
    if file == "meta.json" and damage is truncate:
        (data.folder / file).write_text("{}")
    else:
        damage(data.folder / file)
    with pytest.raises(DataError, match=rf"{file}.*run `genharness data prepare toy --force`"):
        open_prepared(toy.spec, "toy")
    verify_arrays(ensure_prepared(toy.spec, "toy", force=True))


def test_pickled_arrays_are_never_loaded(toy):
    data = ensure_prepared(toy.spec, "toy")
    replace_with_pickle(data.folder / "train" / "labels.npy")
    with pytest.raises(DataError, match=r"train/labels\.npy is damaged .*Python objects"):
        open_prepared(toy.spec, "toy")


def test_a_changed_value_is_found_by_verify_only(toy):
    data = ensure_prepared(toy.spec, "toy")
    path = data.folder / "train" / "images.npy"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    open_prepared(toy.spec, "toy")
    with pytest.raises(DataError, match="not those that were written"):
        verify_arrays(data)


def test_unknown_split_is_refused(toy):
    with pytest.raises(ConfigError, match="no split 'trian'; did you mean 'train'"):
        ensure_prepared(toy.spec, "toy").samples("trian")


def test_classes_are_counted_by_name(toy):
    data = ensure_prepared(toy.spec, "toy")
    assert data.class_counts("train") == dict.fromkeys(toy.spec.class_names, 10)
    assert data.size_bytes > 52 * 3 * 6 * 8
