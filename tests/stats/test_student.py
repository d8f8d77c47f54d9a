"""p values of Student's t against scipy's."""

from __future__ import annotations

import math

import pytest
from scipy.special import chdtr, nctdtr, stdtr, stdtrit

from genharness.stats.student import critical_t, noncentral_tail, two_sided_p


@pytest.mark.parametrize("freedom", [1, 1.3, 2, 4.5, 9, 18, 57.2, 400, 1e5])
@pytest.mark.parametrize("t", [1e-12, 1e-3, 0.5, 1, 1.96, 3, 7.5, 40, 1e4])
def test_p_values_are_scipys_in_both_tails(t, freedom):
    expected = 2 * stdtr(freedom, -t)
    assert two_sided_p(t, freedom) == two_sided_p(-t, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-290)


def test_no_difference_has_p_one():
    assert two_sided_p(0.0, 3.0) == 1


def test_a_difference_beyond_all_bounds_has_p_zero():
    assert two_sided_p(1e200, 30.0) == 0


@pytest.mark.parametrize("freedom", [1, 2, 9, 57.2])
@pytest.mark.parametrize("level", [0.5, 0.05, 1e-5, 1e-12])
def test_the_critical_t_is_scipys_and_has_the_level(level, freedom):
    found = critical_t(level, freedom)
    assert found == pytest.approx(-stdtrit(freedom, level / 2), rel=1e-8)
    assert two_sided_p(found, freedom) == pytest.approx(level, rel=1e-12)


def test_a_level_that_no_t_reaches_is_infinitely_far():
    assert critical_t(1e-320, 1) == math.inf


@pytest.mark.parametrize("freedom", [1, 2, 4, 9, 57, 999])
@pytest.mark.parametrize("level", [0.05, 0.05 / 45, 0.05 / 20_000])
@pytest.mark.parametrize("centre", [0.0, 0.3, 1.0, 3.0, 8.0, 29.0])
def test_a_noncentral_tail_is_scipys(freedom, level, centre):
    t = critical_t(level, freedom)
    assert noncentral_tail(t, freedom, centre) == pytest.approx(1 - nctdtr(freedom, centre, t), abs=1e-7)


@pytest.mark.parametrize("freedom", [1, 3, 99])
@pytest.mark.parametrize("level", [0.05, 1e-6, 1e-9])
@pytest.mark.parametrize("centre", [99.0, 101.0, 1e3, 1e5, 1e200])
def test_far_out_only_the_deviation_varies(freedom, level, centre):
    t = critical_t(level, freedom)
    expected = chdtr(freedom, freedom * min(centre / t, 1e100) ** 2)
    assert noncentral_tail(t, freedom, centre) == pytest.approx(expected, abs=1e-4)
