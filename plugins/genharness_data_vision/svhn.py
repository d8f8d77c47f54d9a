"""Street View House Numbers, cropped digits (Netzer et al., 2011): MATLAB files `train_32x32.mat`, `test_32x32.mat`."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from genharness import DataError
from genharness.data import PrepareRequest
from genharness_data_vision.sources import accept_unofficial

__all__ = ["prepare", "read_mat"]

_DAMAGED = (MatReadError, zlib.error, OSError, EOFError, MemoryError)
_FOREIGN = (ValueError, TypeError, LookupError, NotImplementedError)


def prepare(request: PrepareRequest) -> None:
    """Write the train and test splits of the cropped digits; the `extra` file is not used."""
    for remote, split in zip(request.spec.remotes, ("train", "test"), strict=True):
        path = request.fetch(remote, accept=accept_unofficial(request))
        request.writer.split(split).write(*read_mat(path))


def read_mat(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images (n, 3, 32, 32) uint8 and labels (n,); the file's label 10 is the digit 0.

    Raises:
        DataError: If the file is damaged, lacks `X` or `y`, or they do not fit each other.
    """
    try:
        content = loadmat(path, variable_names=["X", "y"])
    except (*_DAMAGED, *_FOREIGN) as error:
        raise DataError(f"{path} cannot be read as a MATLAB file: {error}") from error
    missing = {"X", "y"} - content.keys()
    if missing:
        raise DataError(f"{path} has no variable {' and no '.join(sorted(missing))}: it is no cropped-digits file")
    images, labels = content["X"], content["y"].reshape(-1)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[:3] != (32, 32, 3):
        raise DataError(f"{path}: X is {images.dtype} {images.shape}, not uint8 (32, 32, 3, n)")
    if len(labels) != images.shape[3]:
        raise DataError(f"{path} has {images.shape[3]} images but {len(labels)} labels")
    if labels.dtype.kind not in "iu" or (len(labels) and not 1 <= labels.min() <= labels.max() <= 10):
        raise DataError(f"{path} has labels that are not whole numbers from 1 to 10")
    return images.transpose(3, 2, 0, 1), labels.astype(np.int64) % 10
