"""Whole numbers that float64 cannot hold."""

import numpy as np
import pytest

from genharness.images.stored.pieces import Piece
from genharness.images.stored.whole import counted, whole_columns

FAR = 2**62


def piece(*columns):
    """A piece of columns of their own types, as the readers give it."""
    rows = np.column_stack([column.astype(np.float64) for column in columns])
    whole = {place: column for place, column in enumerate(columns) if column.dtype.kind in "iu"}
    return Piece([str(row) for row in range(len(rows))], rows, whole=whole)


def test_differences_are_exact_beside_columns_of_other_types():
    far, near, real = FAR + np.arange(5), np.arange(5) - 2, np.linspace(0, 1, 5)
    mixed = piece(far, near, real)
    assert list(whole_columns(mixed)) == [0]
    np.testing.assert_array_equal(counted(mixed, {0: FAR + 2}), np.column_stack([near, near, real]))


@pytest.mark.parametrize(
    ("column", "origin"),
    [
        (np.array([2**64 - 1, 2**64 - 3], np.uint64), 2**64 - 2),
        (np.array([-(2**63), -(2**63) + 2], np.int64), -(2**63) + 1),
        (np.array([2**63 + 1, 2**63 - 1], np.uint64), 2**63),
    ],
)
def test_ends_of_the_types_do_not_wrap_around(column, origin):
    assert np.abs(counted(piece(column), {0: origin})).tolist() == [[1.0], [1.0]]
    assert int(column[0]) - origin == counted(piece(column), {0: origin})[0, 0]


def test_values_further_apart_than_64_bits_are_rounded_and_not_wrapped():
    column = np.array([-(2**63), 2**63 - 1], np.int64)
    np.testing.assert_allclose(counted(piece(column), {0: 2**63 - 1})[:, 0], [-(2.0**64), 0.0])


def test_rows_of_whole_numbers_alone_need_no_columns_beside_them():
    rows = np.array([[FAR + 1, 5], [FAR + 3, 6]])
    np.testing.assert_array_equal(counted(Piece(["0", "1"], rows), {0: FAR}), [[1, 5], [3, 6]])


def test_a_piece_of_small_numbers_is_counted_like_the_others():
    np.testing.assert_array_equal(counted(piece(np.array([3, 4])), {0: 3}), [[0], [1]])
