"""Probabilistic precision and recall: brute force, leaving out, and what they see."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from genharness.functional.neighbours.probable import probable_precision_recall
from genharness.functional.sampling_error import jackknife_error


def brute(real, fake):
    def inside(rows, others):
        radius = 1.2 * np.sort(cdist(others, others), axis=1)[:, 4].mean()
        return np.mean(1 - np.prod(1 - np.maximum(0, 1 - cdist(rows, others) / radius), axis=1))

    return inside(fake, real), inside(real, fake)


def sets(n=120, m=90, d=4, shift=0.5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) + shift


@pytest.mark.parametrize("pair", [sets(), sets(700, 30), sets(d=1), sets(shift=3)], ids=str)
def test_scores_are_those_of_the_definition(pair):
    found = probable_precision_recall(*pair)
    assert (found.precision, found.recall) == pytest.approx(brute(*pair), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_an_offset_changes_nothing(offset):
    real, fake = sets()
    found = probable_precision_recall(real + offset, fake + offset)
    assert (found.precision, found.recall) == pytest.approx(brute(real, fake), rel=1e-6)


@pytest.mark.parametrize("shift", [0.5, 2.0])
def test_the_error_of_recall_is_that_of_leaving_out_each_fake(shift):
    real, fake = sets(80, 60, shift=shift)
    again = [brute(real, np.delete(fake, j, 0))[1] for j in range(len(fake))]
    assert probable_precision_recall(real, fake).recall_error() == pytest.approx(jackknife_error(again), rel=0.02)


def test_copies_among_the_fakes_can_be_left_out_too():
    real, fake = sets(80, 60)
    fake[:20] = real[:20]
    fake[20:25] = fake[25]
    again = [brute(real, np.delete(fake, j, 0))[1] for j in range(len(fake))]
    assert probable_precision_recall(real, fake).recall_error() == pytest.approx(jackknife_error(again), rel=0.05)


def test_an_outlier_among_the_reals_has_no_larger_ball():
    real, fake = sets(300, 300, 16, shift=4)
    outlier = np.concatenate([real[1:], 30 * np.ones((1, 16))])
    assert probable_precision_recall(outlier, fake).precision < 0.01


def test_junk_and_dropped_modes_read_their_shares():
    rng = np.random.default_rng(0)
    centres = 20 * rng.normal(size=(4, 8))
    real, whole = (centres[np.arange(400) % 4] + rng.normal(size=(400, 8)) for _ in range(2))
    junk = np.where(np.arange(400)[:, None] % 2, whole, 100 * rng.normal(size=(400, 8)))
    half = centres[np.arange(400) % 2] + rng.normal(size=(400, 8))
    sound = probable_precision_recall(real, whole)
    assert probable_precision_recall(real, junk).precision == pytest.approx(sound.precision / 2, abs=0.03)
    assert probable_precision_recall(real, half).recall == pytest.approx(sound.recall / 2, abs=0.03)


def test_what_is_not_defined_is_said():
    with pytest.raises(ValueError, match="fake must have 6 rows"):
        probable_precision_recall(*sets(30, 5))
    with pytest.raises(ValueError, match="radius is 0"):
        probable_precision_recall(np.ones((9, 2)), sets(9, 9, 2)[0])
