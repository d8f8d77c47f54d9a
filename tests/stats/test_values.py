"""What is a score, and what is refused."""

import math

import pytest

from genharness.stats.values import LARGEST, finite_scores, log_scores


def test_scores_come_back_as_floats():
    assert finite_scores([1, 2.5, True], "a") == [1.0, 2.5, 1.0]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, LARGEST, -LARGEST, 1e308])
def test_a_score_without_a_finite_square_is_refused_by_its_place(bad):
    with pytest.raises(ValueError, match="a: score 2 is"):
        finite_scores([1.0, 2.0, bad, bad], "a")


def test_many_large_scores_are_no_error_though_their_sum_is_too_large():
    assert finite_scores([LARGEST / 2] * 4, "a") == [LARGEST / 2] * 4


def test_no_scores_are_refused():
    with pytest.raises(ValueError, match="a: no scores"):
        finite_scores([], "a")


def test_logarithms_are_natural():
    assert log_scores([1.0, math.e], "a") == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize("bad", [0.0, -0.0, -1.0])
def test_a_score_without_a_logarithm_is_refused_by_its_place(bad):
    with pytest.raises(ValueError, match="a: score 1 is"):
        log_scores([1.0, bad], "a")
