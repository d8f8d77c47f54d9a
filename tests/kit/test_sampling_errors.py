"""Errors of scores over other samples, against what other samples really give."""

import numpy as np
import pytest

from genharness.kit.sampling_errors import half_sample_errors


def test_half_samples_have_the_error_of_a_mean_and_of_a_deviation():
    values = np.random.default_rng(0).normal(0, 2, 500)
    found = half_sample_errors(lambda half: {"mean": values[half].mean(), "sd": values[half].std()}, 500, halves=400)
    assert found["mean"] == pytest.approx(2 / 500**0.5, rel=0.15)
    assert found["sd"] == pytest.approx(2 / 1000**0.5, rel=0.15)


def test_halves_are_without_repeats_and_come_again_with_their_seed():
    seen = []
    for seed in (0, 0, 1):
        half_sample_errors(lambda half: seen.append(half) or {"n": len(set(half))}, 7, halves=2, seed=seed)
    assert all(len(set(half)) == 3 and (np.diff(half) > 0).all() for half in seen)
    assert (seen[0] == seen[2]).all()
    assert (np.concatenate(seen[:2]) != np.concatenate(seen[4:])).any()


def test_what_a_half_leaves_undefined_has_no_error():
    found = half_sample_errors(lambda half: {"a": np.nan if 0 in half else 1.0, "b": 1.0}, 10)
    assert np.isnan(found["a"])
    assert found["b"] == 0
