"""Arrays in files: the same numbers as in memory, and pages that do not stay."""

import os
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest

from genharness.errors import DataError
from genharness.files import mapped
from genharness.files.mapped import Mapped, empty_on_disk, let_go, load_mapped

MIB = 1 << 20


def resident_files():
    """Return the MiB of mapped files that are counted as this process's memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssFile")) / 1024


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "large.npy"
    rows = np.lib.format.open_memmap(path, "w+", np.uint8, (100_000, 3000))
    for start in range(0, len(rows), 10_000):
        rows[start : start + 10_000] = (np.arange(start, start + 10_000) % 251)[:, None]
    del rows
    return path


def test_reading_by_slices_holds_little_of_it(large):
    array, before, peak = load_mapped(large), resident_files(), 0.0
    for start in range(0, len(array), 1000):
        assert int(np.ascontiguousarray(array[start : start + 1000])[:, 7].sum(dtype=np.int64)) == int(
            (np.arange(start, start + 1000) % 251).sum()
        )
        peak = max(peak, resident_files())
    assert peak - before < 100
    assert array.nbytes > 280 * MIB


def test_picking_rows_maps_none_of_it(large):
    array, before = load_mapped(large), resident_files()
    rows = np.random.default_rng(0).permutation(len(array))[:20_000]
    found = array[rows]
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found[:, 0], rows % 251)
    np.testing.assert_array_equal(array[10_000:][rows[rows < 90_000]][:, -1], (rows[rows < 90_000] + 10_000) % 251)
    assert resident_files() - before < 10


def test_a_plain_map_would_hold_all_of_it(large):
    """What the two tests above are about."""
    array, before = np.load(large, mmap_mode="r"), resident_files()
    array[:, ::50].sum()
    assert resident_files() - before > 250


INDICES = {
    "a row": 3,
    "a slice": slice(2, 9, 2),
    "numbers": np.array([5, 0, 5, -1]),
    "no numbers": np.array([], np.int64),
    "a mask": np.arange(12) % 3 == 0,
    "a list": [1, 2],
    "a pair": (slice(None), 1),
    "rows and columns": (np.array([1, 2]), np.array([0, 1])),
    "a value": (4, 2, 1),
    "an axis more": None,
    "everything": ...,
    "numbers of a kind": np.array([3, 11], np.uint8),
}


@pytest.mark.parametrize("name", INDICES)
def test_every_way_of_looking_gives_what_an_array_gives(tmp_path, monkeypatch, name):
    monkeypatch.setattr(mapped, "_HELD_BYTES", 16)  # pages are let go at every step
    plain = np.random.default_rng(0).integers(0, 256, (12, 3, 2), np.uint8)
    np.save(tmp_path / "a.npy", plain)
    array = load_mapped(tmp_path / "a.npy")
    found, expected = array[INDICES[name]], plain[INDICES[name]]
    np.testing.assert_array_equal(found, expected)
    assert isinstance(found, np.ndarray) == isinstance(expected, np.ndarray)


@pytest.mark.parametrize("wrong", [np.array([12]), np.array([-13]), np.array([True, False])])
def test_what_is_not_there_is_refused_as_ever(tmp_path, wrong):
    np.save(tmp_path / "a.npy", np.zeros((12, 3)))
    with pytest.raises(IndexError):
        load_mapped(tmp_path / "a.npy")[wrong]


def test_what_is_computed_is_no_map(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6.0).reshape(2, 3))
    array = load_mapped(tmp_path / "a.npy")
    assert type(array + 1) is np.ndarray
    assert isinstance(array.sum(), float)
    assert array.mean(axis=0).tolist() == [1.5, 2.5, 3.5]
    assert type(pickle.loads(pickle.dumps(array[:1] * 1))) is np.ndarray


def test_a_file_that_shrinks_is_said(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((1000, 100)))
    array = load_mapped(tmp_path / "a.npy")
    os.truncate(tmp_path / "a.npy", 1000)
    with pytest.raises(DataError, match="shrank"):
        array[np.array([1, 900])]


def test_files_are_closed_with_the_last_view(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((10, 3)))
    before = len(list(Path("/proc/self/fd").iterdir()))
    view = load_mapped(tmp_path / "a.npy")[2:]
    assert view[np.array([7])].shape == (1, 3)
    del view
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_views_of_a_part_and_copies_pick_the_right_rows(tmp_path):
    plain = np.arange(240, dtype=np.int32).reshape(20, 4, 3)
    np.save(tmp_path / "a.npy", plain)
    array, rows = load_mapped(tmp_path / "a.npy"), np.array([3, 0, 9])
    for part in (np.s_[5:], np.s_[::2], np.s_[:, 1], np.s_[4:15, :, 2], np.s_[2]):
        given = rows % len(plain[part])
        np.testing.assert_array_equal(array[part][given], plain[part][given])
    np.testing.assert_array_equal(array.reshape(-1, 3)[rows], plain.reshape(-1, 3)[rows])
    np.testing.assert_array_equal(array.transpose(1, 0, 2)[rows % 4], plain.transpose(1, 0, 2)[rows % 4])
    np.testing.assert_array_equal(array.copy()[rows], plain[rows])


def test_it_is_never_written_to(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(5))
    with pytest.raises(ValueError, match="read-only"):
        load_mapped(tmp_path / "a.npy")[0] = 1


def test_an_empty_array_is_no_map(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((0, 3)))
    assert load_mapped(tmp_path / "a.npy").shape == (0, 3)


def test_views_share_what_was_handed_out(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(mapped, "let_go", calls.append)
    monkeypatch.setattr(mapped, "_HELD_BYTES", 1000)
    np.save(tmp_path / "a.npy", np.zeros((100, 100), np.uint8))
    flat = load_mapped(tmp_path / "a.npy").reshape(-1).view(np.uint8)
    assert isinstance(flat, Mapped)
    for start in range(0, 5000, 100):
        flat[start : start + 100]
    assert len(calls) == 4


def test_an_array_on_disk_keeps_what_was_written_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    array = empty_on_disk((1000, 5), np.float32)
    array[:] = np.arange(5)
    let_go(array)
    assert array.sum() == 10_000
    assert not list(tmp_path.iterdir())


def test_an_array_that_is_in_memory_has_no_pages_to_let_go():
    array = np.ones(3)
    let_go(array)
    assert array.sum() == 3


def test_a_disk_without_space_is_said_at_once(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        empty_on_disk((10,), np.float64)
