"""The best of n tries: unbiased, and only as far as it holds; and how far the best of many flatters itself."""

from itertools import combinations

import numpy as np
import pytest

from genharness.stats.expected_best import expected_best, winners_bias

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("higher", [False, True])
@pytest.mark.parametrize("tries", [1, 2, 4])
def test_it_is_the_mean_over_all_draws_without_replacement(tries, higher):
    scores = [*RANDOM.lognormal(size=7).tolist(), 1.0, 1.0]
    best = max if higher else min
    brute = np.mean([best(chosen) for chosen in combinations(scores, tries)])
    assert np.isclose(expected_best(scores, tries, higher_is_better=higher), brute)


def test_of_one_try_it_is_the_mean():
    assert expected_best([3.0, 5.0, 10.0], 1) == 6.0


@pytest.mark.parametrize("tries", [0, 6, 10])
def test_it_is_given_up_to_half_of_the_tries(tries):
    with pytest.raises(ValueError, match="from 1 to 5, half of those"):
        expected_best(list(range(1, 11)), tries)


def test_it_is_unbiased_where_the_plug_in_is_not():
    tries, made, repeats = 10, 20, 3000
    scores = np.exp(RANDOM.normal(0, 0.5, (repeats, made)))
    truth = np.exp(RANDOM.normal(0, 0.5, (200_000, tries))).max(1).mean()
    ours = np.mean([expected_best(row.tolist(), tries, higher_is_better=True) for row in scores])
    places = np.arange(1, made + 1) / made
    weights = places**tries - (places - 1 / made) ** tries
    plug_in = (np.sort(scores, 1) @ weights).mean()
    assert abs(ours - truth) < 0.03
    assert plug_in - truth < -0.04


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "tries"), [(0.03, 50), (0.1, 10), (0.1, 50), (0.2, 50)])
def test_the_search_score_is_biased_as_the_formula_says_and_fresh_seeds_are_not(noise, tries):
    repeats, spread = 4000, 0.2
    truth = RANDOM.normal(0, spread, (repeats, tries))
    score = truth + RANDOM.normal(0, noise, truth.shape)
    pick = score.argmin(1)[:, None]
    largest = RANDOM.normal(size=(100_000, tries)).max(1).mean()
    found = np.take_along_axis(score - truth, pick, 1)
    error = 4 * found.std() / np.sqrt(repeats)
    assert abs(found.mean() - winners_bias(noise, spread, largest)) < error
    fresh = np.take_along_axis(truth, pick, 1) + RANDOM.normal(0, noise / np.sqrt(5), (repeats, 1))
    assert abs((fresh - np.take_along_axis(truth, pick, 1)).mean()) < 4 * noise / np.sqrt(5 * repeats)


def test_without_noise_there_is_no_curse():
    assert winners_bias(0.0, 0.2, 2.0) == winners_bias(0.0, 0.0, 2.0) == 0.0
