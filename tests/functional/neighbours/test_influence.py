"""Scores without a row beside computing them again, and what hangs on few rows."""

from __future__ import annotations

import numpy as np
import pytest

from dense_pass import HARD, dense_pass, hard_sets
from genharness.functional.neighbours.clipped import clipped
from genharness.functional.neighbours.influence import (
    hanging,
    without_fakes,
    without_fakes_clipped,
    without_reals,
)
from genharness.functional.neighbours.shared_pass import neighbour_pass
from genharness.functional.prdc import prdc

SCORES = ("precision", "recall", "density", "coverage", "f1", "symmetric_precision", "symmetric_recall")


def anew(real, fake, k, strict=True):
    """Return all scores of two sets by name, from whole tables of distances."""
    found = dense_pass(real, fake, k, strict)
    held, holds = found.in_real, found.in_fake
    precision, recall, coverage = held.any(0).mean(), holds.any(0).mean(), held.any(1).mean()
    return {
        "precision": precision,
        "recall": recall,
        "density": held.sum() / (k * len(fake)),
        "coverage": coverage,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "symmetric_precision": min(precision, holds.any(1).mean()),
        "symmetric_recall": min(recall, coverage),
    }


@pytest.mark.parametrize(("k", "strict"), [(3, True), (1, False)])
@pytest.mark.parametrize("make", HARD, ids=lambda make: make.__name__)
def test_every_row_left_out_gives_what_computing_again_gives(make, k, strict):
    real, fake = hard_sets(make, 45, 40)
    found = neighbour_pass(real, fake, k, strict=strict)
    again = {
        "fakes": (without_fakes(found), [anew(real, np.delete(fake, j, 0), k, strict) for j in range(len(fake))]),
        "reals": (without_reals(found), [anew(np.delete(real, i, 0), fake, k, strict) for i in range(len(real))]),
    }
    for name, (ours, theirs) in again.items():
        for score in SCORES if name == "fakes" else [one for one in SCORES if one != "symmetric_precision"]:
            expected = [one[score] for one in theirs]
            np.testing.assert_allclose(getattr(ours, score), expected, atol=1e-12, err_msg=f"{score} of {name}")


@pytest.mark.parametrize("make", [make for make in HARD if make.__name__ != "constant"], ids=lambda make: make.__name__)
def test_every_fake_left_out_gives_the_clipped_scores_of_computing_again(make):
    real, fake = hard_sets(make, 45, 40)
    ours = without_fakes_clipped(neighbour_pass(real, fake, 3))
    theirs = [clipped(real, np.delete(fake, j, 0), 3) for j in range(40)]
    np.testing.assert_allclose(ours.density_raw, [one.density_raw for one in theirs], atol=1e-12)
    np.testing.assert_allclose(ours.coverage_ratio, [one.coverage_ratio for one in theirs], atol=1e-12)


def test_many_rows_left_out_give_what_computing_again_gives():
    rng = np.random.default_rng(3)
    real, fake = rng.normal(size=(300, 16)), rng.normal(size=(300, 16)) + 0.3
    ours = without_fakes(neighbour_pass(real, fake))
    for j in range(0, 300, 23):
        again = anew(real, np.delete(fake, j, 0), 5)
        assert [getattr(ours, score)[j] for score in SCORES] == pytest.approx([again[s] for s in SCORES])


def test_rows_that_are_all_needed_cannot_be_left_out():
    found = neighbour_pass(np.eye(4), np.eye(4), 3)
    for function in (without_fakes, without_reals):
        with pytest.raises(ValueError, match="without one of 4"):
            function(found)


def far(rng, n, d=32):
    """Return reals, and fakes that overlap with none of them."""
    return rng.normal(size=(n, d)), rng.normal(size=(n, d)) + 2


@pytest.mark.parametrize("hubs", [1, 2, 3])
def test_coverage_and_recall_that_hang_on_hubs_are_found_out(hubs):
    rng = np.random.default_rng(0)
    real, fake = far(rng, 300)
    fake[:hubs] = 0.01 * rng.normal(size=(hubs, 32))
    found = neighbour_pass(real, fake)
    scores, share = prdc(real, fake), hanging(found)
    assert scores.coverage > 0.9
    assert share.coverage > 0.9
    assert share.recall > 0.9 * scores.recall > 0.5


@pytest.mark.parametrize("outliers", [1, 2, 3])
def test_precision_that_hangs_on_outliers_is_found_out(outliers):
    real, fake = far(np.random.default_rng(0), 300)
    real[:outliers] = 100 + np.arange(outliers)[:, None]
    assert prdc(real, fake).precision == 1
    assert hanging(neighbour_pass(real, fake)).precision == 1


@pytest.mark.parametrize("change", ["same", "shift", "wider", "junk"])
def test_honest_scores_hang_on_no_few_rows(change):
    rng = np.random.default_rng(1)
    real, fake = rng.normal(size=(2, 600, 32))
    fake = {
        "same": fake,
        "shift": fake + 0.3,
        "wider": 1.2 * fake,
        "junk": np.where(np.arange(600)[:, None] % 2, fake, 50 + 10 * rng.normal(size=fake.shape)),
    }[change]
    found = neighbour_pass(real, fake)
    share, scores = hanging(found), prdc(real, fake)
    for name in ("precision", "recall", "coverage"):
        assert getattr(share, name) < max(0.1, getattr(scores, name) / 4)


def test_one_hub_is_named_by_the_largest_change_and_two_are_not():
    rng = np.random.default_rng(0)
    real, fake = far(rng, 300)
    fake[7] = 0
    found = neighbour_pass(real, fake)
    change = prdc(real, fake).coverage - without_fakes(found).coverage
    assert change.argmax() == 7
    assert change.max() > 0.9
    fake[8] = 0.01
    assert (prdc(real, fake).coverage - without_fakes(neighbour_pass(real, fake)).coverage).max() < 0.1
