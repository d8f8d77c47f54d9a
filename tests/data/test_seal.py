"""Prepared arrays are read whole only where their seal tells nothing."""

import os
import shutil
import time

import numpy as np
import pytest

from genharness.data import prepared, seal
from genharness.data.seal import is_sealed

NAMES = ("a.npy", "b.npy")


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        np.save(tmp_path / name, np.random.RandomState(0).randint(0, 256, 500_000).astype(np.uint8))
    seal.seal(tmp_path, NAMES)
    return tmp_path


def test_what_was_sealed_is_known_again(folder):
    assert is_sealed(folder, NAMES)


def test_what_was_never_sealed_or_has_a_damaged_seal_is_not(folder):
    assert not is_sealed(folder, (*NAMES, "c.npy"))
    for content in (b"", b"[]", b"{", b'{"checked_at": "x", "files": {}}', b"[" * 100_000):
        (folder / "sealed.json").write_bytes(content)
        assert not is_sealed(folder, NAMES)
    (folder / "sealed.json").unlink()
    assert not is_sealed(folder, NAMES)


def test_a_changed_time_or_size_breaks_it(folder):
    os.utime(folder / "a.npy")
    assert not is_sealed(folder, NAMES)
    seal.seal(folder, NAMES)
    with (folder / "b.npy").open("ab") as file:
        file.write(b"x")
    assert not is_sealed(folder, NAMES)


def test_a_changed_block_breaks_it_even_where_no_time_changed(folder, monkeypatch):
    real = os.fstat
    kept = {}

    def frozen(handle):
        state = real(handle)
        return kept.setdefault((state.st_dev, state.st_ino), state)

    monkeypatch.setattr("os.fstat", frozen)
    seal.seal(folder, NAMES)
    assert is_sealed(folder, NAMES)
    with (folder / "a.npy").open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.seek(file.tell() - 100)
        file.write(b"changed")
    assert not is_sealed(folder, NAMES)


@pytest.mark.parametrize(("days", "whole"), [(29, True), (31, False), (-0.5, True), (-2, False)])
def test_it_lasts_a_month_and_does_not_trust_the_future(folder, monkeypatch, days, whole):
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + days * 86_400)
    assert is_sealed(folder, NAMES) is whole


def test_data_is_read_whole_once_after_it_was_copied_and_not_again(toy, monkeypatch):
    from genharness.data import ensure_prepared, open_prepared

    reads = []
    real = prepared.hash_array
    monkeypatch.setattr(prepared, "hash_array", lambda *arguments: reads.append(1) or real(*arguments))
    data = ensure_prepared(toy.spec, "toy")
    open_prepared(toy.spec, "toy")
    assert not reads
    shutil.copytree(data.folder, data.folder.with_name("copy"))
    shutil.rmtree(data.folder)
    data.folder.with_name("copy").rename(data.folder)
    open_prepared(toy.spec, "toy")
    assert len(reads) == len(data.meta.arrays)
    open_prepared(toy.spec, "toy")
    assert len(reads) == len(data.meta.arrays)


def test_where_no_seal_can_be_written_data_is_still_used(toy, monkeypatch):
    from genharness.data import ensure_prepared, open_prepared

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(seal, "write_bytes", full)
    data = ensure_prepared(toy.spec, "toy")
    assert not (data.folder / "sealed.json").exists()
    assert open_prepared(toy.spec, "toy").content_hash == data.content_hash
