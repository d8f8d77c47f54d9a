"""Gaussians fitted to features: the moments that Frechet distances compare, and the files that carry them."""

from __future__ import annotations

import zipfile
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # ships no types

from genharness.errors import DataError, NotDefinedError
from genharness.files.archives import list_members
from genharness.files.array_files import DamagedArrayError, parsing_arrays
from genharness.files.atomic import replace_file
from genharness.functional.checks import ArrayLike, as_features

__all__ = ["SMALL_WIDTH", "GaussianStatistics", "blas_threads", "centred_rows", "sample_rows"]

FloatArray = NDArray[np.float64]

_BLOCK_ROWS = 4096  # bounds the float64 copy to 64 MiB at 2048 dimensions; larger blocks are no faster
_REGULAR = 1e-5  # of the standard deviation: squared, 1e-10 of the variance, whose last five digits are rounding
SMALL_WIDTH = 256
"""Up to this width a second thread gains less than it loses where other work holds a core."""


@dataclass(frozen=True, eq=False)
class GaussianStatistics:
    """Mean and covariance of features, in float64 on the CPU.

    Attributes:
        mean: `(d,)`.
        covariance: `(d, d)`, unbiased (over n - 1), as `numpy.cov` defines it.
        count: Number of samples behind them; None where a file does not say.
        rows: `(r, d)` with rows' rows = covariance, where that is singular or nearly so: squared, small variances
            have lost half their digits. The centred samples over sqrt(n - 1) up to d of them, beyond their
            triangular factor. Else None.

    Raises:
        ValueError: The shapes do not fit together, or a value is NaN or infinite.
    """

    mean: FloatArray
    covariance: FloatArray
    count: int | None = None
    rows: FloatArray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.mean.size == 0:
            raise ValueError(f"mean must be of shape (d,) with d >= 1, not {self.mean.shape}")
        if self.covariance.shape != (self.width, self.width):
            raise ValueError(f"covariance must be of shape {(self.width, self.width)}, not {self.covariance.shape}")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.covariance).all()):
            raise ValueError("mean or covariance holds NaN or infinity (or overflowed)")

    @property
    def width(self) -> int:
        """The number of dimensions d."""
        return len(self.mean)

    @classmethod
    def fit(cls, features: ArrayLike, name: str = "features") -> GaussianStatistics:
        """Fit a Gaussian: the mean accumulated in float64, the covariance in blocks, so that memory stays O(d^2).

        Args:
            features: `(n, d)`, n >= 2; computed on the CPU wherever they lie.
            name: What to call them in an error.

        Raises:
            TypeError: They are not real numbers.
            ValueError: They are not a matrix, fewer than two, not finite, or so large that squares overflow.

        Example:
            >>> statistics = GaussianStatistics.fit(np.random.default_rng(0).normal(size=(500, 8)))
            >>> statistics.mean.shape, statistics.covariance.shape, statistics.count
            ((8,), (8, 8), 500)
        """
        array = sample_rows(features, name)
        count, width = array.shape
        with blas_threads(width), np.errstate(over="ignore", invalid="ignore"):
            if count <= width:
                mean, rows = centred_rows(array)
                return cls(mean, rows.T @ rows, count, rows)
            mean = array.mean(axis=0, dtype=np.float64)
            fitted = cls(mean, _covariance(array, mean), count)
            return fitted if fitted._is_regular else replace(fitted, rows=_triangular_rows(array, mean))

    @cached_property
    def cholesky(self) -> FloatArray | None:
        """Lower triangular `(d, d)` L with L L' = covariance; None where that is singular. Computed once."""
        from scipy.linalg import lapack  # only here, because it takes as long to load as a kept score to find

        if self.rows is not None:
            return None
        lower, failed_at = lapack.dpotrf(self.covariance.T, lower=1)  # .T: as it is, in LAPACK's order
        return None if failed_at else lower

    @property
    def _is_regular(self) -> bool:
        """Whether the covariance says as much of every direction as the samples do."""
        if self.cholesky is None:
            return False
        pivots = np.diagonal(self.cholesky)
        return bool(pivots.min() > _REGULAR * pivots.max())

    @cached_property
    def factor(self) -> FloatArray:
        """`(r, d)` F with F'F = covariance: the rows, else L', else scaled eigenvectors. Computed once."""
        if self.rows is not None:
            return self.rows
        if self.cholesky is not None:
            return self.cholesky.T
        variances, axes = np.linalg.eigh(self.covariance)
        positive = variances > 0  # rounding leaves some of a singular matrix's zeros below zero
        scaled: FloatArray = np.sqrt(variances[positive])[:, None] * axes.T[positive]
        return scaled

    def save(self, path: Path) -> None:
        """Write the `.npz` layout of pytorch-fid and clean-fid (`mu`, `sigma`), and `count`, which they ignore.

        Raises:
            OSError: It cannot be written; `path` is then as it was.
        """
        arrays: dict[str, Any] = {"mu": self.mean, "sigma": self.covariance}
        if self.count is not None:
            arrays["count"] = np.array(self.count)
        with replace_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # an open file: numpy would append .npz to a bare name

    @classmethod
    def load(cls, path: Path) -> GaussianStatistics:
        """Read what `save`, pytorch-fid or clean-fid wrote, or a file with `mean` and `cov`; nothing is ever unpickled.

        Raises:
            DataError: The file is missing, unreadable, or holds no mean and covariance.
        """
        stored = _read_npz(path)
        if missing := {"mu", "sigma"} - stored.keys():
            raise DataError(
                f"{path} holds no {' and no '.join(sorted(missing))}, so it is no statistics file: "
                "write one with pytorch-fid --save-stats or give the samples themselves"
            )
        try:
            statistics = cls(_real(stored, "mu"), _real(stored, "sigma"), _count(stored))
            _check_covariance(statistics.covariance, stored["sigma"].dtype)
        except ValueError as error:
            raise DataError(f"{path} holds unusable statistics: {error}; write the file again") from error
        return statistics


def sample_rows(features: ArrayLike, name: str) -> NDArray[Any]:
    """Return features as a numpy matrix on the CPU, at least two rows; errors as in `GaussianStatistics.fit`."""
    rows = as_features(features, name)
    if len(rows) < 2:
        raise NotDefinedError(f"{name} has one sample, and a covariance needs at least two")
    array: NDArray[Any] = rows.cpu().numpy()
    return array


def centred_rows(array: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
    """Return the mean `(d,)` and the centred samples over sqrt(n - 1), `(n, d)`."""
    mean = array.mean(axis=0, dtype=np.float64)
    return mean, (array - mean) / np.sqrt(len(array) - 1)


def blas_threads(width: int) -> AbstractContextManager[object]:
    """Return a context in which BLAS and LAPACK use one thread if matrices of that width are small.

    Up to 256 a second thread gains little, and the two stall for whole scheduler ticks where other work holds a core.
    """
    context: AbstractContextManager[object]
    context = _thread_pools().limit(limits=1 if width <= SMALL_WIDTH else None, user_api="blas")
    return context


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()


def _covariance(array: NDArray[Any], mean: FloatArray) -> FloatArray:
    total = np.zeros((len(mean), len(mean)))
    for start in range(0, len(array), _BLOCK_ROWS):
        block = array[start : start + _BLOCK_ROWS] - mean
        total += block.T @ block  # numpy sees the symmetry and computes one half
    return total / (len(array) - 1)


def _triangular_rows(array: NDArray[Any], mean: FloatArray) -> FloatArray:
    """Return R `(d, d)` with R'R = covariance, from the samples themselves, one block after the other."""
    found: FloatArray = np.empty((0, len(mean)))
    for start in range(0, len(array), _BLOCK_ROWS):
        below = array[start : start + _BLOCK_ROWS] - mean
        found = np.asarray(np.linalg.qr(np.concatenate([found, below]), mode="r"))
    return np.asarray(found / np.sqrt(len(array) - 1))


_NAMES = {"mu": "mu", "mean": "mu", "sigma": "sigma", "cov": "sigma", "covariance": "sigma", "count": "count"}
"""What arrays of statistics are called, and what is meant."""


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as file:
            if zipfile.is_zipfile(file):
                list_members(path)  # refuses bombs before a byte is unpacked
            file.seek(0)
            with parsing_arrays():
                stored = np.load(file, allow_pickle=False)
                if not isinstance(stored, NpzFile):
                    raise DataError(f"{path} is a single .npy array, not an .npz with mu and sigma")
                known = {_NAMES[name.lower()]: name for name in reversed(stored.files) if name.lower() in _NAMES}
                arrays = {key: stored[name] for key, name in known.items()}
    except FileNotFoundError as error:
        raise DataError(f"no statistics file {path}: check the path") from error
    except (OSError, DamagedArrayError) as error:
        raise DataError(f"{path} is no readable .npz of plain arrays ({error}): write the file again") from error
    if others := [key for key, array in arrays.items() if not isinstance(array, np.ndarray)]:
        raise DataError(f"{path} holds no arrays under {', '.join(others)}: write the file again")
    return arrays


def _real(stored: dict[str, NDArray[Any]], key: str) -> FloatArray:
    if stored[key].dtype.kind not in "fiu":
        raise ValueError(f"{key} holds {stored[key].dtype}, not real numbers")
    return stored[key].astype(np.float64)


def _count(stored: dict[str, NDArray[Any]]) -> int | None:
    if "count" not in stored:
        return None
    if stored["count"].shape != () or stored["count"].dtype.kind not in "iu" or stored["count"] < 2:
        raise ValueError(f"count must be one whole number of at least 2, not {stored['count']}")
    return int(stored["count"])


def _check_covariance(covariance: FloatArray, stored: np.dtype[Any]) -> None:
    scale = np.abs(covariance).max()
    digits = float(np.finfo(stored).eps) if stored.kind == "f" else 0.0
    if (np.diagonal(covariance) < 0).any():
        raise ValueError("sigma has a negative variance")
    if np.abs(covariance - covariance.T).max() > 1e-6 * scale:
        raise ValueError("sigma is not symmetric")
    lowest = np.linalg.eigvalsh(covariance)[0]
    if lowest < -max(1e-6, len(covariance) * digits) * scale:  # what rounding to the stored type can do to a zero
        raise ValueError(f"sigma has a negative eigenvalue ({lowest:g}), which no covariance has")
