"""Scores as the tests read them: what rounding hides is not taken for agreement."""

import math

import numpy as np
import pytest

from genharness.stats.sample import in_order, sample_of


def test_mean_and_variance_are_those_of_the_scores():
    values = np.random.default_rng(0).normal(5, 2, 7).tolist()
    sample = sample_of(values, "a")
    assert (sample.count, sample.mean) == (7, pytest.approx(np.mean(values)))
    assert sample.of_mean == pytest.approx(np.var(values, ddof=1) / 7)


def test_what_rounding_hides_is_added_to_the_variance():
    """The variance of a uniform error of one step's width."""
    errors = np.random.default_rng(0).uniform(-1.5, 1.5, 1_000_000)
    assert sample_of([4.0, 4.0, 4.0], "a", resolution=3.0).variance == pytest.approx(errors.var(), rel=0.01)


def test_on_logarithms_the_resolution_is_relative_to_the_mean():
    sample = sample_of([8.0, 10.0, 12.0], "a", log=True, resolution=1.0)
    plain = sample_of([8.0, 10.0, 12.0], "a", log=True)
    assert sample.scores == tuple(map(math.log, (8.0, 10.0, 12.0)))
    assert sample.variance - plain.variance == pytest.approx(0.1**2 / 12)


@pytest.mark.parametrize("log", [False, True])
def test_scores_that_agree_up_to_rounding_of_floats_do_not_vary(log):
    assert sample_of([0.1 + 0.2, 0.3, 0.3], "a", log=log).variance == 0.0
    assert sample_of([0.3, 0.3 + 1e-6, 0.3], "a", log=log).variance > 0


def test_scores_stand_in_the_order_of_their_seeds():
    assert in_order({5: 1.0, 0: 2.0, 3: 3.0}) == [2.0, 3.0, 1.0]


@pytest.mark.parametrize("scores", [[], [math.nan], [math.inf]])
def test_what_is_no_score_is_refused_by_name(scores):
    with pytest.raises(ValueError, match="vae: "):
        sample_of(scores, "vae")
