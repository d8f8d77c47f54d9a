"""Distances of all pairs in float64, one by one, for the brute force; and the rows that it is given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genharness.errors import NotDefinedError
from genharness.kit.equal_counts import draw_of, equal_draws
from genharness.kit.evaluation import SampleSet
from genharness.measure.evaluation import SampleEvaluation
from genharness.verify.base import Options

__all__ = [
    "MOST_ROWS",
    "Floats",
    "TooManyRowsError",
    "check_rows",
    "distances",
    "drawn",
    "drawn_of",
    "features",
    "radii",
]

MOST_ROWS = 3000
"""Rows of a set with which every distance is still computed one by one."""

Floats = NDArray[np.float64]


class TooManyRowsError(NotDefinedError):
    """A set has more rows than a brute force can take."""


def check_rows(count: int) -> None:
    """Refuse more rows than can be taken.

    Raises:
        TooManyRowsError: If there are more.
    """
    if count > MOST_ROWS:
        raise TooManyRowsError(f"{count:,} rows are too many for a brute force: at most {MOST_ROWS:,}")


def features(evaluation: SampleEvaluation, which: SampleSet) -> Floats:
    """Return all features of a set."""
    found = evaluation.features(which)
    check_rows(len(found))
    return found.astype(np.float64)


def drawn(evaluation: SampleEvaluation, options: Options) -> tuple[Floats, Floats]:
    """Return the features of equally many reals and fakes, as metrics draw them."""
    first, second = equal_draws(evaluation, options["count"])
    check_rows(first.count)
    real, fake = (first.of(evaluation.features("real")), second.of(evaluation.features("fake")))
    return real.astype(np.float64), fake.astype(np.float64)


def drawn_of(evaluation: SampleEvaluation, which: SampleSet, options: Options) -> Floats:
    """Return the features of a set, as metrics that have one draw them."""
    one = draw_of(evaluation, which, options["count"])
    check_rows(one.count)
    return one.of(evaluation.features(which)).astype(np.float64)


def distances(rows: Floats, others: Floats) -> Floats:
    """Return squared distances `(n, m)`, each from its own differences: nothing cancels."""
    return np.stack([np.square(others - row).sum(axis=1) for row in rows])


def radii(own: Floats, k: int) -> Floats:
    """Return the squared distance of each row to its k-th nearest other one, given those within the set."""
    others = own.copy()
    np.fill_diagonal(others, np.inf)
    return np.asarray(np.sort(others, axis=1)[:, k - 1])
