"""Wisconsin diagnostic breast cancer (Wolberg, Street and Mangasarian, 1995), as scikit-learn bundles it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer

from genharness import DataError
from genharness.data import PrepareRequest, Units, stratified_split

__all__ = ["TEST_FRACTION", "prepare", "units_of"]

TEST_FRACTION = 0.2


def prepare(request: PrepareRequest) -> None:
    """Write a stratified, seeded split of 455 and 114 rows, standardised on the train split.

    Raises:
        DataError: If `--from` was given: the data is bundled.
    """
    if request.source is not None:
        raise DataError("breast-cancer comes with scikit-learn: leave --from out")
    bunch = load_breast_cancer()
    labels = bunch.target.astype(np.int64)
    train, test = stratified_split(labels, len(labels), TEST_FRACTION)
    units = units_of(bunch.data[train])
    rows = units.standardised(bunch.data).astype(np.float32)
    request.writer.describe(column_names=[str(name) for name in bunch.feature_names], units=units)
    request.writer.note("the source has no splits: one fifth of each class is the test split (seed 0)")
    request.writer.note("columns have mean 0 and standard deviation 1 over the train split")
    request.writer.split("train").write(rows[train], labels[train])
    request.writer.split("test").write(rows[test], labels[test])


def units_of(train: NDArray[np.float64]) -> Units:
    """Return the units in which the columns of the training rows have mean 0 and standard deviation 1.

    Args:
        train: `(n, d)` of any scale.

    Raises:
        ValueError: If a column is constant.
    """
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    if (deviation == 0).any():
        raise ValueError(f"train: column {int(np.argmin(deviation))} is constant")
    return Units(tuple(mean.tolist()), tuple(deviation.tolist()))
