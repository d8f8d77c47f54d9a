"""MNIST and Fashion-MNIST from idx files."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import struct

import numpy as np
import pytest

from genharness import DataError, Remote
from genharness.data import ensure_prepared
from genharness_data_mnist import genharness_datasets
from genharness_data_mnist.idx import read_idx

MNIST, FASHION = genharness_datasets()
RANDOM = np.random.RandomState(0)
FILES = {
    "train-images-idx3-ubyte": RANDOM.randint(0, 256, (20, 28, 28)).astype(np.uint8),
    "train-labels-idx1-ubyte": (np.arange(20) % 10).astype(np.uint8),
    "t10k-images-idx3-ubyte": RANDOM.randint(0, 256, (10, 28, 28)).astype(np.uint8),
    "t10k-labels-idx1-ubyte": (np.arange(10) % 10).astype(np.uint8),
}


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def small(tmp_path):
    """The Fashion-MNIST spec with the checksums of four small official-looking files, and their folder."""
    remotes = []
    for name, array in FILES.items():
        content = gzip.compress(idx(array), mtime=0)
        (tmp_path / f"{name}.gz").write_bytes(content)
        remotes.append(Remote(filename=f"{name}.gz", urls=(), md5=hashlib.md5(content).hexdigest()))
    spec = dataclasses.replace(FASHION, remotes=tuple(remotes), counts={"train": 20, "test": 10})
    return spec, tmp_path


def test_official_files_are_read(small):
    spec, folder = small
    data = ensure_prepared(spec, "fashion-mnist", source=folder)
    np.testing.assert_array_equal(data.samples("train")[:, 0], FILES["train-images-idx3-ubyte"])
    np.testing.assert_array_equal(data.labels("test"), FILES["t10k-labels-idx1-ubyte"])
    assert data.class_names[9] == "Ankle boot"


def test_other_content_is_refused_by_its_checksum(small):
    spec, folder = small
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(FILES["t10k-labels-idx1-ubyte"][::-1])))
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz has md5 .*, not "):
        ensure_prepared(spec, "fashion-mnist", source=folder)


def test_mnist_is_told_from_fashion_mnist_by_its_content(small):
    _, folder = small
    with pytest.raises(DataError, match=r"mnist: no file is the official train-images-idx3-ubyte\.gz"):
        ensure_prepared(MNIST, "mnist", source=folder)


def test_a_missing_file_is_named(small):
    spec, folder = small
    (folder / "t10k-images-idx3-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz is not in"):
        ensure_prepared(spec, "fashion-mnist", source=folder)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not an idx file"),
        (b"\0\0\x08\x01" + struct.pack(">I", 5) + bytes(5), "with 3 dimensions"),
        (b"\0\0\x0d\x03" + struct.pack(">3I", 1, 1, 1) + bytes(4), "not an idx file of bytes"),
        (idx(FILES["t10k-images-idx3-ubyte"])[:-1], "holds 7,839 values where its header says 7,840"),
        (idx(FILES["t10k-images-idx3-ubyte"]) + b"x", "7,841"),
        (b"\0\0\x08\x03" + b"\xff" * 12 + bytes(100), "its header says 79,228,162,458,924,105,385,300,197,375"),
        (gzip.compress(bytes(100), mtime=0)[:-9], "damaged gzip"),
    ],
)
def test_damaged_files_are_named(tmp_path, content, reason):
    path = tmp_path / "file.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason):
        read_idx(path, 3)


def test_real_mnist_is_known_though_compressed_anew(shared_data):
    data = ensure_prepared(MNIST, "mnist", source=shared_data / "mnist")
    assert dict(data.meta.counts) == dict(MNIST.counts)
    assert data.meta.shape == (1, 28, 28)
    assert data.class_counts("train")["1"] == 6742
    assert data.class_counts("test")["5"] == 892
    assert abs(data.samples("train")[:10_000].mean() / 255 - 0.13) < 0.005


def test_unpacked_real_mnist_is_known_too(shared_data, tmp_path):
    for path in (shared_data / "mnist").glob("*.gz"):
        (tmp_path / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    data = ensure_prepared(MNIST, "mnist", source=tmp_path)
    assert dict(data.meta.counts) == dict(MNIST.counts)
