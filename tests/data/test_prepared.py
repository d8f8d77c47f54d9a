"""Opened datasets: what they give, and how damage is found."""

from __future__ import annotations

import errno
import json
import os

import numpy as np
import pytest

from genharness import ConfigError, DataError
from genharness.data import ensure_prepared, open_prepared, verify_arrays
from genharness.data.prepared import hash_array
from genharness.files.mapped import Mapped


def test_arrays_cannot_be_written_to(toy):
    samples = ensure_prepared(toy.spec, "toy").samples("train")
    with pytest.raises(ValueError, match="read-only"):
        samples[0] = 0


def test_samples_are_a_map_whose_pages_do_not_stay(toy):
    assert isinstance(ensure_prepared(toy.spec, "toy").samples("train"), Mapped)


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


def change(path, place):
    """Change one bit of a file, and set its times of use and change back."""
    before = path.stat()
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("file", ["train/images.npy", "test/images.npy", "train/labels.npy"])
@pytest.mark.parametrize("place", [-1, 300])
def test_a_changed_value_is_found_when_the_data_is_opened(toy, file, place):
    data = ensure_prepared(toy.spec, "toy")
    change(data.folder / file, place)
    for look in (
        lambda: open_prepared(toy.spec, "toy"),
        lambda: ensure_prepared(toy.spec, "toy"),
        lambda: verify_arrays(data),
    ):
        with pytest.raises(DataError, match=rf"{file} is damaged \(its values are not those .* --force"):
            look()


def test_a_record_that_was_changed_with_its_arrays_has_another_hash(toy):
    data = ensure_prepared(toy.spec, "toy")
    change(data.folder / "train" / "images.npy", -1)
    plain = json.loads((data.folder / "meta.json").read_text())
    changed = hash_array(np.load(data.folder / "train" / "images.npy"), "", None)
    (data.folder / "meta.json").write_text(
        json.dumps({**plain, "arrays": {**plain["arrays"], "train/images.npy": changed}})
    )
    with pytest.raises(DataError, match="its content hash is not that of its arrays"):
        open_prepared(toy.spec, "toy")


@pytest.mark.parametrize("array", [lambda a: a.astype(np.int16), np.asfortranarray, lambda a: a[:, :, ::-1]])
def test_an_array_of_another_type_or_order_is_damaged(toy, array):
    path = ensure_prepared(toy.spec, "toy").folder / "train" / "images.npy"
    np.save(path, array(np.load(path)))
    with pytest.raises(DataError, match=r"train/images\.npy is damaged"):
        open_prepared(toy.spec, "toy")


def test_a_pipe_is_not_waited_for(toy):
    path = ensure_prepared(toy.spec, "toy").folder / "train" / "images.npy"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(DataError, match="there is no regular file"):
        open_prepared(toy.spec, "toy")


def test_unknown_split_is_refused(toy):
    with pytest.raises(ConfigError, match="no split 'trian'; did you mean 'train'"):
        ensure_prepared(toy.spec, "toy").samples("trian")


def test_classes_are_counted_by_name(toy):
    data = ensure_prepared(toy.spec, "toy")
    assert data.class_counts("train") == dict.fromkeys(toy.spec.class_names, 10)
    assert data.size_bytes > 52 * 3 * 6 * 8


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EIO, errno.ESTALE, errno.EACCES])
def test_arrays_that_the_machine_cannot_read_are_not_called_damaged(toy, monkeypatch, code):
    data = ensure_prepared(toy.spec, "toy")

    def broken(*args, **options):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("genharness.data.prepared.np.load", broken)
    with pytest.raises(DataError, match="cannot be read") as caught:
        data.samples("train")
    assert "--force" not in str(caught.value)
    assert "damaged" not in str(caught.value)
