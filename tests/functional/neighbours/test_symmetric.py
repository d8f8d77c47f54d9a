"""Symmetric precision and recall beside their definition, and what plain ones miss."""

from __future__ import annotations

import numpy as np
import pytest

from dense_pass import HARD, dense_pass, hard_sets
from genharness.functional.neighbours.symmetric import SymmetricPR, symmetric_precision_recall
from genharness.functional.prdc import prdc


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("make", HARD, ids=lambda make: make.__name__)
def test_it_is_the_smaller_of_each_score_and_its_complement(make, strict):
    real, fake = hard_sets(make, 150, 170)
    dense = dense_pass(real, fake, 4, strict)
    found = symmetric_precision_recall(real, fake, 4, strict=strict)
    precision = min(dense.in_real.any(0).mean(), dense.in_fake.any(1).mean())
    recall = min(dense.in_fake.any(0).mean(), dense.in_real.any(1).mean())
    assert (found.precision, found.recall) == pytest.approx((precision, recall), abs=1e-12)


def sphere(rng, n, radius=1.0):
    rows = rng.normal(size=(n, 64))
    return radius * rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("radius", [0.5, 0.8])
def test_the_inside_of_a_sphere_is_not_precise(radius):
    rng = np.random.default_rng(0)
    real, fake = sphere(rng, 400), sphere(rng, 400, radius)
    assert prdc(real, fake).precision == 1
    assert symmetric_precision_recall(real, fake).precision < 0.1


def test_one_outlier_among_the_reals_makes_nothing_precise():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 400, 64))
    fake += 2
    real[0] = 100
    assert prdc(real, fake).precision == 1
    assert symmetric_precision_recall(real, fake).precision < 0.05


def test_swapping_the_sets_swaps_both():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(300, 8)), 0.7 * rng.normal(size=(200, 8))
    one, other = symmetric_precision_recall(real, fake), symmetric_precision_recall(fake, real)
    assert (one.precision, one.recall) == (other.recall, other.precision)


def test_a_set_against_itself_scores_one():
    rows = np.random.default_rng(0).normal(size=(100, 5))
    assert symmetric_precision_recall(rows, rows) == SymmetricPR(1.0, 1.0)
