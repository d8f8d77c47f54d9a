"""The trimmed mean of path lengths: the definition sample by sample, and its error over other samples."""

import math

import numpy as np
import pytest

from genharness.functional.path_length import path_length


@pytest.mark.parametrize("count", [1, 3, 99, 250, 1000])
def test_it_is_the_mean_of_what_lies_between_the_percentiles(count):
    distances = np.random.default_rng(count).lognormal(size=count)
    order = sorted(distances / 0.01**2)
    first, last = math.floor((count - 1) * 0.01), math.ceil((count - 1) * 0.99)
    kept = [length for length in order if order[first] <= length <= order[last]]
    assert path_length(distances, 0.01).value == pytest.approx(sum(kept) / len(kept))


def test_a_few_broken_steps_do_not_matter():
    distances = np.random.default_rng(0).lognormal(sigma=0.2, size=1000)
    broken = distances.copy()
    broken[:5] = 1e9
    assert path_length(broken, 1.0).value == pytest.approx(path_length(distances, 1.0).value, rel=0.01)


def test_its_error_is_how_far_other_pairs_move_it():
    rng = np.random.default_rng(0)
    found = [path_length(rng.lognormal(size=500), 0.1) for _ in range(400)]
    spread = np.std([one.value for one in found], ddof=1)
    assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.1)
    assert math.isnan(path_length(np.ones(1), 0.1).error)


@pytest.mark.parametrize("distances", [np.array([]), np.ones((2, 2)), np.array([1.0, np.nan]), np.array([np.inf])])
def test_what_is_no_list_of_distances_is_refused(distances):
    with pytest.raises(ValueError, match="distances must be"):
        path_length(distances, 0.1)
