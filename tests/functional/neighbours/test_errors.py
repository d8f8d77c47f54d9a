"""Standard errors of the scores of neighbours: beside formulas, and beside redrawing the fakes (slow)."""

from __future__ import annotations

import numpy as np
import pytest

from genharness.functional.neighbours.clipped import clipped_of
from genharness.functional.neighbours.errors import clipped_errors, neighbour_errors
from genharness.functional.neighbours.shared_pass import neighbour_pass, own_set
from genharness.functional.neighbours.symmetric import symmetric_of
from genharness.functional.prdc import prdc_of
from genharness.functional.sampling_error import jackknife_error


def sets(n=300, d=16, shift=0.3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)), rng.normal(size=(n, d)) + shift


def test_the_errors_of_means_over_fakes_are_those_of_means():
    found = neighbour_pass(*sets())
    held = found.fake.held_by[found.fake.own.place]
    errors = neighbour_errors(found)
    assert errors.precision == pytest.approx((held > 0).std(ddof=1) / np.sqrt(300))
    assert errors.density == pytest.approx(held.std(ddof=1) / 5 / np.sqrt(300))


def test_the_errors_of_recall_and_coverage_are_those_of_computing_again():
    real, fake = sets(60, 6)
    again = [prdc_of(neighbour_pass(real, np.delete(fake, j, 0))) for j in range(60)]
    errors = neighbour_errors(neighbour_pass(real, fake))
    for name in ("recall", "coverage"):
        assert getattr(errors, name) == pytest.approx(jackknife_error([getattr(one, name) for one in again]), rel=1e-9)


def test_reals_that_are_a_draw_too_add_to_the_error():
    found = neighbour_pass(*sets())
    fixed, both = neighbour_errors(found), neighbour_errors(found, reals_too=True)
    for name in ("precision", "recall", "density", "coverage"):
        assert getattr(both, name) > getattr(fixed, name)


def test_a_score_at_its_ceiling_still_has_an_error():
    real, fake = sets(shift=0)
    found = neighbour_pass(real, 0.7 * fake)
    assert clipped_of(found).coverage == clipped_of(found).density == 1
    assert clipped_errors(found).coverage > 0
    assert clipped_errors(found).density > 0


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["same", "shift", "modes"])
def test_intervals_of_two_errors_cover_the_expected_scores(scenario):
    rng = np.random.default_rng(1)
    centres = 4 * rng.normal(size=(10, 64))

    def draw(modes):
        if scenario == "modes":
            return centres[rng.integers(0, modes, 500)] + rng.normal(size=(500, 64))
        return rng.normal(size=(500, 64)) + (0.3 if scenario == "shift" and modes == 8 else 0)

    real = draw(10)
    own = own_set(real, 5)
    passes = [neighbour_pass(real, draw(8), own_real=own) for _ in range(120)]
    pairs = [(prdc_of(found), neighbour_errors(found)) for found in passes]
    names = {"precision": "symmetric_precision", "recall": "symmetric_recall"}
    for name, of_error in names.items():
        scores = np.array([getattr(symmetric_of(found), name) for found in passes])
        errors = np.array([getattr(error, of_error) for _, error in pairs])
        assert np.mean(np.abs(scores - scores.mean()) <= 1.96 * errors) >= 0.9, of_error
    pairs_clipped = [(clipped_of(found), clipped_errors(found)) for found in passes]
    for some, names in (
        (pairs, ("precision", "recall", "density", "coverage", "f1")),
        (pairs_clipped, ("density", "coverage", "density_raw", "coverage_ratio")),
    ):
        for name in names:
            scores, errors = (np.array([getattr(pair[at], name) for pair in some]) for at in (0, 1))
            assert np.mean(np.abs(scores - scores.mean()) <= 1.96 * errors) >= 0.9, name
