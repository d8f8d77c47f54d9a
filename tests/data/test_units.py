import numpy as np
import pytest

from genharness.data import Units
from genharness.data.units import Moments

RANDOM = np.random.default_rng(0)
OWN = RANDOM.normal([100.0, -3.0, 1e9], [5.0, 0.1, 3.0], (200, 3))
UNITS = Units(tuple(OWN.mean(0)), tuple(OWN.std(0)))


def test_rows_go_to_standardised_units_and_back():
    rows = UNITS.standardised(OWN)
    np.testing.assert_allclose(rows.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(rows.std(0), 1, atol=1e-6)
    np.testing.assert_allclose(UNITS.raw(rows), OWN, rtol=1e-12)


def test_rows_in_their_own_units_are_told_from_standardised_ones():
    assert UNITS.look_raw(OWN)
    assert not UNITS.look_raw(UNITS.standardised(OWN))
    assert not UNITS.look_raw(RANDOM.normal(size=(50, 3)) + 2)


@pytest.mark.parametrize("known", [True, False])
def test_units_are_those_that_are_known(known):
    assert Units.of((1.0,) if known else (), (2.0,) if known else ()) == (Units((1.0,), (2.0,)) if known else None)


def test_moments_of_pieces_are_those_of_the_whole():
    moments = Moments()
    for start in range(0, 200, 37):
        moments.add(OWN[start : start + 37])
    units, constant = moments.units()
    np.testing.assert_allclose(units.offsets, OWN.mean(0), rtol=1e-14)
    np.testing.assert_allclose(units.scales, OWN.std(0), rtol=1e-10)
    assert constant == []


def test_a_column_that_never_changes_keeps_its_scale():
    moments = Moments()
    moments.add(np.array([[7.0, 1.0], [7.0, 2.0]]))
    moments.add(np.array([[7.0, 4.0]]))
    units, constant = moments.units()
    assert (units.offsets[0], units.scales[0], constant) == (7.0, 1.0, [0])


def test_units_of_columns_that_were_counted_from_elsewhere():
    moved = Units((1.5, 2.0), (3.0, 4.0)).moved({1: 2**62})
    assert moved == Units((1.5, 2.0), (3.0, 4.0), (0, 2**62))
    assert moved.raw(np.array([[0.0, 0.0]])).tolist() == [[1.5, 2.0**62]]
    assert Units((0.5,), (1.0,)).moved({}) == Units((0.5,), (1.0,))


def test_rows_beyond_what_float64_holds_are_standardised_exactly():
    units = Units((1.0, 2.0), (1.0, 2.0), (0, 2**62 + 1))
    rows = np.array([[1, 2**62 + 3], [2, 2**62 + 5]])
    assert units.standardised(rows).tolist() == [[0, 0], [1, 1]]
    assert units.standardised(rows.astype(np.float64))[:, 1].tolist() == [-1.5, -1.5]
