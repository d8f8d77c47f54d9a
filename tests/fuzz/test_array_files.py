"""Files of arrays and statistics that anybody may have made: `.npy`, `.npz`, labels."""

import io

import numpy as np
import pytest

from fuzzing import INPUTS, campaign, damaged, refusable, repacked
from genharness.external.reference import path_reference
from genharness.external.samples import read_labels
from genharness.functional.gaussian import GaussianStatistics
from genharness.images import read_samples

RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.integers(0, 256, (6, 5, 5, 3)).astype(np.uint8)
ROWS = RANDOM.normal(size=(12, 3))
ARRAYS = {
    "images": PICTURES,
    "grey": PICTURES[..., 0],
    "unit": (PICTURES / 255).astype(np.float32),
    "deep": PICTURES.astype(np.uint16) * 257,
    "rows": ROWS,
    "whole": (ROWS * 1e6).astype(np.int64),
    "labels": np.arange(6) % 2,
    "one_hot": np.eye(6),
    "words": np.array(["cat", "dog"] * 3),
    "scalar": np.array(3),
    "empty": np.zeros((0, 3)),
}
HEADER_WORDS = [b"<f8", b"<i8", b"|u1", b"<u2", b"<f4", b"|O", b"<U3", b"|b1", b">f8", b"<c16", b"True", b"False"]
NAMES = [f"{name}.npy" for name in ("arr_0", "x", "y", "x_train", "labels", "mu", "sigma", "mean", "cov", "units")]
NAMES += ["a.png", "../x.npy", "/x.npy", "x", " "]
IMAGES_NPZ = {"images": PICTURES, "labels": ARRAYS["labels"], "x_test": PICTURES, "units": np.array("raw")}
STATISTICS_NPZ = {"mu": ROWS.mean(0), "sigma": np.cov(ROWS.T), "n": np.array(12), "arr_0": ROWS}


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def members(arrays):
    return {f"{name}.npy": npy(array) for name, array in arrays.items()}


def zipped(arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@pytest.fixture
def refuses_or_reads(tmp_path):
    """A check of one file: it is read, or refused in one line."""

    def check_with(name, *readers):
        path = tmp_path / name

        def check(content):
            path.write_bytes(content)
            for read in readers:
                with refusable():
                    read(path)

        return check

    return check_with


@INPUTS
def test_npy_files(refuses_or_reads, tmp_path, inputs):
    readers = [read_samples, lambda path: read_labels(path, 6)]
    strategy = damaged([npy(one) for one in ARRAYS.values()], HEADER_WORDS)
    campaign(inputs, strategy, refuses_or_reads("a.npy", *readers), tmp_path)


READERS = [
    read_samples,
    lambda path: read_labels(path, 6),
    lambda path: path_reference(path, None, 0, 0, lambda *_: None),
    GaussianStatistics.load,
]


@INPUTS
@pytest.mark.parametrize("arrays", [IMAGES_NPZ, STATISTICS_NPZ], ids=["samples", "statistics"])
def test_npz_files_whose_bytes_are_damaged(refuses_or_reads, tmp_path, inputs, arrays):
    campaign(inputs, damaged([zipped(arrays)]), refuses_or_reads("a.npz", *READERS), tmp_path)


@INPUTS
@pytest.mark.parametrize("arrays", [IMAGES_NPZ, STATISTICS_NPZ], ids=["samples", "statistics"])
def test_npz_files_whose_arrays_are_damaged(refuses_or_reads, tmp_path, inputs, arrays):
    campaign(inputs, repacked(members({**ARRAYS, **arrays}), NAMES), refuses_or_reads("a.npz", *READERS), tmp_path)


@INPUTS
def test_text_files_of_labels(refuses_or_reads, tmp_path, inputs):
    seeds = [b"0\n1\n2\n0\n1\n2\n", b"\xef\xbb\xbf0,1,2,0,1,2", "٣ 1 2 ² 1 2".encode()]
    campaign(inputs, damaged(seeds), refuses_or_reads("a.txt", lambda path: read_labels(path, 6)), tmp_path)
