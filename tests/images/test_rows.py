"""Rows of tables and features, kept as they were saved."""

import numpy as np
import pytest

from genharness import DataError
from genharness.images.rows import as_rows

REAL = np.random.default_rng(0).normal(size=(300, 4))


@pytest.mark.parametrize("kind", ["f4", "f8", "i4", ">f8", ">i2", "f2"])
def test_values_are_kept_as_they_are(kind):
    rows = as_rows((REAL * 100).astype(kind), "a")
    np.testing.assert_array_equal(rows, (REAL * 100).astype(kind).astype(float))
    assert rows.dtype == (np.float32 if kind in ("f4", "f2") else np.float64)


def test_whole_numbers_that_float64_cannot_hold_stay_whole():
    rows = as_rows(np.array([[2**60 + 1, 5]]), "a")
    assert rows.tolist() == [[2**60 + 1, 5]]


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((0, 4)), "it is empty"),
        (np.zeros((3, 2), complex), "rows must be numbers"),
        (np.array([[0.0], [np.inf]]), "NaN or infinity, first in row 1"),
    ],
)
def test_what_are_no_rows_is_refused(array, reason):
    with pytest.raises(DataError, match=reason):
        as_rows(array, "a")
