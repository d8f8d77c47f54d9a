"""Of an array that memory cannot hold what is wanted is drawn, as of one that it can; else it is refused."""

import numpy as np
import pytest

from genharness.errors import DataError
from genharness.external.samples import taken
from genharness.files import free_memory as memory
from genharness.images import draw as module
from genharness.images.draw import SeededDraw
from genharness.images.samples import read_samples, samples_of_array

IMAGES = np.random.default_rng(0).integers(0, 256, (300, 3, 8, 8), dtype=np.uint8)
ROWS = np.random.default_rng(1).normal(size=(300, 40))
LABELS = np.arange(300) % 7
DRAW = SeededDraw(20, 3)


@pytest.fixture
def little_memory(monkeypatch):
    """Leave memory for 20 of 300 samples, and not for all."""
    for one in (module, memory):
        monkeypatch.setattr(one, "free_memory", lambda: 30_000)


def spread(array):
    """Return an array that is one sample many times over, in the memory of one."""
    return np.broadcast_to(array[0], array.shape)


def mapped(array, folder):
    np.save(folder / "a.npy", array)
    return np.load(folder / "a.npy", mmap_mode="r")


ARRAYS = {
    "floats": lambda folder: IMAGES / 255.0,
    "channels last": lambda folder: IMAGES.transpose(0, 2, 3, 1),
    "int64": lambda folder: IMAGES.astype(np.int64),
    "16 bit": lambda folder: IMAGES.astype(np.uint16) * 257,
    "grey": lambda folder: np.asfortranarray(IMAGES[:, 0]),
    "spread": lambda folder: spread(IMAGES),
    "mapped": lambda folder: mapped(IMAGES, folder),
    "an array of a mapped one": lambda folder: np.asarray(mapped(IMAGES, folder)),
    "rows that are mapped": lambda folder: mapped(ROWS, folder),
    "rows of whole numbers": lambda folder: (ROWS * 100).astype(np.int32),
}
TOO_LARGE = {name: make for name, make in ARRAYS.items() if name != "grey"}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_drawn_is_what_is_drawn_of_all(name, tmp_path, request):
    array = TOO_LARGE[name](tmp_path)
    of_all = taken(samples_of_array(array, LABELS, "x"), DRAW)
    request.getfixturevalue("little_memory")
    some = samples_of_array(array, LABELS, "x", draw=DRAW)
    np.testing.assert_array_equal(some.samples, of_all.samples)
    np.testing.assert_array_equal(some.labels, of_all.labels)
    assert (some.notes, some.white, some.digest) == (of_all.notes, of_all.white, of_all.digest)
    assert taken(some, DRAW) is some


@pytest.mark.parametrize("name", TOO_LARGE)
@pytest.mark.parametrize("draw", [None, SeededDraw(0, 0), SeededDraw(300, 0), SeededDraw(1000, 0)])
@pytest.mark.usefixtures("little_memory")
def test_what_is_too_large_is_refused_before_it_is_read(name, draw, tmp_path):
    array = TOO_LARGE[name](tmp_path)
    with pytest.raises(DataError, match=r"^x: 300 samples need 0\.0 GiB of memory, and .* count \(--count\)"):
        samples_of_array(array, None, "x", draw=draw)


@pytest.mark.usefixtures("little_memory")
def test_too_many_that_are_asked_for_are_refused_too():
    with pytest.raises(DataError, match=r"^x: 299 samples need"):
        samples_of_array(spread(IMAGES), None, "x", draw=SeededDraw(299, 0))


@pytest.mark.usefixtures("little_memory")
def test_what_is_in_memory_already_is_taken_however_little_is_left():
    assert samples_of_array(IMAGES, None, "x").samples is IMAGES
    assert len(samples_of_array(ROWS, None, "x").samples) == 300


def test_rows_that_leave_no_room_for_what_scoring_makes_of_them_are_refused(tmp_path, monkeypatch):
    rows = mapped(ROWS, tmp_path)
    for free, fits in ((2 * rows.nbytes, False), (5 * rows.nbytes, True)):
        monkeypatch.setattr(module, "free_memory", lambda free=free: free)
        monkeypatch.setattr(memory, "free_memory", lambda free=free: free)
        if fits:
            assert len(samples_of_array(rows, None, "x", rows=True).samples) == 300
        else:
            with pytest.raises(DataError, match="say with count"):
                samples_of_array(rows, None, "x", rows=True)


@pytest.mark.usefixtures("little_memory")
def test_files_are_drawn_of_in_the_same_way(tmp_path):
    np.save(tmp_path / "a.npy", IMAGES)
    with pytest.raises(DataError, match="300 samples need"):
        read_samples(tmp_path / "a.npy")
    assert len(read_samples(tmp_path / "a.npy", draw=DRAW).samples) == 20


@pytest.mark.usefixtures("little_memory")
def test_an_npz_is_refused_by_the_sizes_that_its_arrays_have_unpacked(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", images=np.zeros((300, 3, 8, 8), np.uint8))
    assert (tmp_path / "a.npz").stat().st_size < 5000
    with pytest.raises(DataError, match=r"a\.npz: its arrays need .*: save a \.npy"):
        read_samples(tmp_path / "a.npz")


@pytest.mark.parametrize("suffix", ["csv", "h5"])
def test_stored_values_are_refused_when_they_fill_half_of_the_memory(tmp_path, suffix, monkeypatch):
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_text("a,b\n" + "1.5,2.5\n" * 5000)
    else:
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w") as file:
            file["images"] = IMAGES
    assert len(read_samples(path).samples) in (300, 5000)
    monkeypatch.setattr("genharness.images.samples.free_memory", lambda: 60_000)
    with pytest.raises(DataError, match="holds more than half of the memory that is free: give fewer"):
        read_samples(path)


def test_a_terabyte_that_a_header_claims_is_no_terabyte_read(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, IMAGES)
    with path.open("r+b") as file:
        file.truncate(2**40)  # a sparse file
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|u1", "fortran_order": False, "shape": (5_000_000_000, 3, 8, 8)}
        )
    with pytest.raises(DataError, match=r"5,000,000,000 samples need 894\.1 GiB of memory"):
        read_samples(path)
