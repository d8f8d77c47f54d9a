"""p values of Student's t against scipy's."""

from __future__ import annotations

import pytest
from scipy.special import stdtr

from genharness.stats.student import two_sided_p


@pytest.mark.parametrize("freedom", [1, 1.3, 2, 4.5, 9, 18, 57.2, 400, 1e5])
@pytest.mark.parametrize("t", [1e-12, 1e-3, 0.5, 1, 1.96, 3, 7.5, 40, 1e4])
def test_p_values_are_scipys_in_both_tails(t, freedom):
    expected = 2 * stdtr(freedom, -t)
    assert two_sided_p(t, freedom) == two_sided_p(-t, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-290)


def test_no_difference_has_p_one():
    assert two_sided_p(0.0, 3.0) == 1


def test_a_difference_beyond_all_bounds_has_p_zero():
    assert two_sided_p(1e200, 30.0) == 0
