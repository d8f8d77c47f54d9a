"""Memorisation: copies of the training data are caught, held-out data is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu

from genharness.functional.clusters import kmeans_centres
from genharness.functional.memorisation import authenticity, copying_score, distance_ratio, memorisation
from genharness.functional.sampling_error import jackknife_error


def draw(n, seed, d=8):
    """Return rows of one mixture of three Gaussians."""
    rng = np.random.default_rng(seed)
    return (4 * rng.integers(0, 3, (n, 1)) + rng.normal(size=(n, d))).astype(np.float32)


TRAIN, TEST = draw(1200, 0), draw(400, 1)


def copies(noise=0.0, seed=2):
    rng = np.random.default_rng(seed)
    rows = TRAIN[rng.integers(0, len(TRAIN), 600)]
    return rows + (noise * rng.normal(size=rows.shape)).astype(np.float32)


def test_copies_are_caught_by_every_sign():
    found = memorisation(TRAIN, TEST, copies())
    assert found.authenticity == 0
    assert found.copying_score < -5
    assert found.distance_ratio == 0
    assert found.copied == 1


def test_slightly_changed_copies_are_caught_though_none_is_exact():
    found = memorisation(TRAIN, TEST, copies(noise=0.1))
    assert found.authenticity < 0.05
    assert found.copying_score < -5
    assert found.distance_ratio < 0.5
    assert found.copied == 0


def test_held_out_data_is_not_taken_for_copies():
    found = memorisation(TRAIN, TEST, draw(600, 3))
    assert found.authenticity > 0.5
    assert abs(found.copying_score) < 3
    assert found.distance_ratio == pytest.approx(1, abs=0.05)
    assert found.copied == 0


def test_noise_underfits():
    noise = 30 * np.random.default_rng(0).normal(size=(600, 8))
    found = memorisation(TRAIN, TEST, noise)
    assert found.authenticity > 0.99
    assert found.copying_score > 5
    assert found.distance_ratio > 5


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_the_share_of_planted_copies_is_counted(share):
    count = int(600 * share)
    fake = np.concatenate([copies()[:count], draw(600 - count, 4)])
    found = memorisation(TRAIN, TEST, fake)
    assert found.copied == pytest.approx(share)
    honest = authenticity(TRAIN, fake[count:])
    assert found.authenticity == pytest.approx((1 - share) * honest)


def test_memorisation_is_the_three_scores_at_once():
    fake = draw(300, 5)
    found = memorisation(TRAIN, TEST, fake, cells=4, seed=1)
    assert found.authenticity == authenticity(TRAIN, fake)
    assert found.copying_score == copying_score(TRAIN, TEST, fake, cells=4, seed=1)
    assert found.distance_ratio == distance_ratio(TRAIN, TEST, fake)


def test_authenticity_is_that_of_a_direct_count():
    fake = draw(150, 6)
    table = np.sqrt(((fake[:, None].astype(float) - TRAIN[None]) ** 2).sum(-1))
    within = np.sqrt(((TRAIN[:, None].astype(float) - TRAIN[None]) ** 2).sum(-1))
    np.fill_diagonal(within, np.inf)
    expected = np.mean(table.min(1) > within.min(1)[table.argmin(1)])
    assert authenticity(TRAIN, fake) == expected


def direct_copying_score(train, test, fake, cells, least):
    """C_T cell by cell, with distances of torch and the test of SciPy."""
    centres = kmeans_centres(train, cells, seed=0)
    train, test, fake = (torch.from_numpy(rows) for rows in (train, test, fake))
    own, held, made = (torch.cdist(rows, centres).argmin(1) for rows in (train, test, fake))
    weights, scores = [], []
    for cell in range(cells):
        if (made == cell).sum() < least or not (held == cell).any():
            continue
        near = [torch.cdist(r[c == cell], train[own == cell]).amin(1) for r, c in ((fake, made), (test, held))]
        m, n = map(len, near)
        u = mannwhitneyu(*near).statistic
        scores.append((u - m * n / 2) / np.sqrt(m * n * (m + n + 1) / 12))
        weights.append(n)
    return np.average(scores, weights=weights), len(scores)


def test_the_copying_score_weights_cells_by_their_held_out_rows():
    fake = np.concatenate([draw(200, 7), copies(noise=0.3)[:200]])
    expected, used = direct_copying_score(TRAIN, TEST, fake, 12, 20)
    assert used > 1
    assert copying_score(TRAIN, TEST, fake, cells=12) == pytest.approx(expected, abs=1e-3)


def test_cells_with_few_fakes_do_not_count():
    fake = np.concatenate([TRAIN[TRAIN[:, 0] < 2][:100], draw(5, 8)])
    expected, used = direct_copying_score(TRAIN, TEST, fake, 6, 20)
    assert used < 6
    assert copying_score(TRAIN, TEST, fake, cells=6) == pytest.approx(expected, abs=1e-3)


def test_the_copying_score_of_held_out_data_has_variance_one_or_less():
    scores = [copying_score(TRAIN, draw(300, 10 + s), draw(300, 50 + s), cells=5) for s in range(15)]
    assert abs(np.mean(scores)) < 1
    assert np.std(scores) < 1.5


def test_one_cell_is_one_test_over_all():
    fake = draw(200, 9)
    near = [torch.cdist(torch.from_numpy(rows), torch.from_numpy(TRAIN)).amin(1) for rows in (fake, TEST)]
    u = mannwhitneyu(*near).statistic
    expected = (u - 200 * 400 / 2) / np.sqrt(200 * 400 * 601 / 12)
    assert copying_score(TRAIN, TEST, fake, cells=1) == pytest.approx(expected, abs=1e-3)


def test_collapse_to_one_copy_is_caught():
    found = memorisation(TRAIN, TEST, np.repeat(TRAIN[:1], 100, 0))
    assert (found.authenticity, found.distance_ratio, found.copied) == (0, 0, 1)
    assert found.copying_score < -3


def test_a_score_that_the_sets_do_not_define_costs_only_itself():
    few = TEST[:10]
    found = memorisation(TRAIN, TEST, few)
    assert np.isnan(found.copying_score)
    assert found.authenticity == authenticity(TRAIN, few)
    assert found.distance_ratio == distance_ratio(TRAIN, TEST, few)
    found = memorisation(TRAIN, TRAIN, TEST)
    assert np.isnan(found.distance_ratio)
    assert found.authenticity == authenticity(TRAIN, TEST)
    with pytest.raises(ValueError, match="no cell of 10 holds both a row of test and least_fakes = 20 of 10"):
        copying_score(TRAIN, TEST, TEST[:10])
    with pytest.raises(ValueError, match="test repeats train"):
        distance_ratio(TRAIN, TRAIN, TEST)


@pytest.mark.parametrize(
    ("train", "test", "fake", "options", "message"),
    [
        (TRAIN, TEST[:, :5], TEST, {}, "test has 5 columns where train has 8"),
        (TRAIN, TEST, TEST[:, :5], {}, "fake has 5 columns where train has 8"),
        (TRAIN, TEST, np.full((9, 8), np.nan), {}, "fake holds nan"),
        (TRAIN[:1], TEST, TEST, {}, "train must have at least 2 rows, not 1"),
        (TRAIN[:5], TEST, TEST, {}, "cells = 10 need at least 10 rows in train, which has 5"),
        (TRAIN[:0], TEST, TEST, {}, "train must be a matrix"),
        (TRAIN, TEST, TEST, {"least_fakes": 0}, "least_fakes must be at least 1"),
    ],
)
def test_bad_arguments_are_named(train, test, fake, options, message):
    with pytest.raises(ValueError, match=message):
        memorisation(train, test, fake, **options)


@pytest.mark.parametrize("cells", [1, 3])
def test_the_error_of_the_copying_score_is_that_of_the_jackknife(cells):
    fake, options = draw(150, 6), {"cells": cells, "least_fakes": 5}
    left_out = [copying_score(TRAIN, TEST, np.delete(fake, j, 0), **options) for j in range(150)]
    found = memorisation(TRAIN, TEST, fake, **options)
    assert found.copying_error == pytest.approx(jackknife_error(left_out), rel=0.05)
