"""Prepare MNIST and Fashion-MNIST from idx files, gzipped or not (format: http://yann.lecun.com/exdb/mnist)."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genharness import DataError
from genharness.data import PrepareRequest
from genharness.spec.plugins import Remote

_UNSIGNED_BYTE = 0x08

_MNIST_UNPACKED_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""The content counts, not how somebody compressed it."""


def prepare_mnist(request: PrepareRequest) -> None:
    """Write MNIST; files that were unpacked or compressed anew are known by their unpacked content."""
    _prepare(request, _MNIST_UNPACKED_MD5)


def prepare_fashion_mnist(request: PrepareRequest) -> None:
    """Write Fashion-MNIST from the four official .gz files."""
    _prepare(request, {})


def _prepare(request: PrepareRequest, unpacked_md5: dict[str, str]) -> None:
    train_images, train_labels, test_images, test_labels = (
        _fetch(request, remote, unpacked_md5.get(remote.filename.removesuffix(".gz"), ""))
        for remote in request.spec.remotes
    )
    for split, images_path, labels_path in (
        ("train", train_images, train_labels),
        ("test", test_images, test_labels),
    ):
        images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
        request.writer.split(split, count=request.spec.counts.get(split)).write(images[:, None], labels)
        request.report(len(images), len(images), f"writing {split}")


def _fetch(request: PrepareRequest, remote: Remote, unpacked_md5: str) -> Path:
    def is_unpacked_right(path: Path) -> bool:
        return bool(unpacked_md5) and hashlib.md5(read_plain(path), usedforsecurity=False).hexdigest() == unpacked_md5

    return request.fetch(remote, also=[remote.filename.removesuffix(".gz")], accept=is_unpacked_right)


def read_plain(path: Path) -> bytes:
    """Return the content of a file, unpacked where it is gzipped.

    Raises:
        DataError: If the gzip stream is damaged.
    """
    raw = path.read_bytes()
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}): download it again") from error


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Return the array of an idx file of unsigned bytes.

    Args:
        path: File, gzipped or not.
        dimensions: How many the array must have.

    Raises:
        DataError: If it is no such file, or shorter or longer than its header says.
    """
    raw = read_plain(path)
    start = 4 + 4 * dimensions
    if len(raw) < start or raw[:4] != bytes([0, 0, _UNSIGNED_BYTE, dimensions]):
        raise DataError(f"{path} is not an idx file of bytes with {dimensions} dimensions: give the official file")
    shape = tuple(np.frombuffer(raw, ">u4", dimensions, offset=4).tolist())
    expected = int(np.prod(shape, dtype=object))
    if len(raw) - start != expected:
        raise DataError(f"{path} holds {len(raw) - start:,} values where its header says {expected:,}")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)
