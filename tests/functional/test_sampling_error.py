"""Standard errors of one set of samples: beside the jackknife by other libraries, and beside redrawing (slow)."""

from __future__ import annotations

import numpy as np
import ot
import pytest
import torch

from genharness.functional.frechet import frechet_distance
from genharness.functional.gaussian import GaussianStatistics
from genharness.functional.kid import unbiased_mmd2
from genharness.functional.mind import draw_directions, mind
from genharness.functional.sampling_error import frechet_error, jackknife_error, kid_error, mind_error, share_error


def sets(n, m, d, shift=0.3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), 0.9 * rng.normal(size=(m, d)) + shift


def left_out(score, fake):
    return [score(np.delete(fake, j, 0)) for j in range(len(fake))]


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(0).gamma(2, size=40)
    expected = values.std(ddof=1) / np.sqrt(40)
    assert jackknife_error(left_out(np.mean, values)) == pytest.approx(expected, rel=1e-12)


def test_the_frechet_error_is_that_of_the_jackknife():
    real, fake = sets(400, 500, 5)
    expected = jackknife_error(left_out(lambda rows: frechet_distance(real, rows), fake))
    assert frechet_error(real, fake) == pytest.approx(expected, rel=0.03)
    assert frechet_error(GaussianStatistics.fit(real), fake) == frechet_error(real, fake)


def test_the_kid_error_is_that_of_the_jackknife():
    real, fake = sets(60, 90, 6)
    expected = jackknife_error(left_out(lambda rows: unbiased_mmd2(real, rows), fake))
    assert kid_error(real, fake) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_the_kid_error_keeps_its_digits_in_float32(offset):
    real, fake = (np.float32(rows + offset) for rows in sets(200, 150, 6))
    assert kid_error(real, fake) == pytest.approx(kid_error(real.astype(float), fake.astype(float)), rel=1e-6)


def test_the_mind_error_is_that_of_the_jackknife_by_pot():
    real, fake = sets(120, 120, 6, shift=0.5)
    axes = draw_directions(6, 24, "orthogonal", torch.Generator().manual_seed(2020)).numpy()

    def score(rows):
        return 18 * np.mean([ot.emd2_1d(real @ axis, rows @ axis) for axis in axes])

    assert mind_error(real, fake, directions=24) == pytest.approx(jackknife_error(left_out(score, fake)), rel=0.05)


def test_errors_scale_as_their_scores_do():
    real, fake = sets(300, 300, 6)
    assert frechet_error(10 * real, 10 * fake) == pytest.approx(100 * frechet_error(real, fake), rel=1e-6)
    assert mind_error(10 * real, 10 * fake) == pytest.approx(100 * mind_error(real, fake), rel=1e-6)


@pytest.mark.parametrize(
    ("function", "real", "fake", "message"),
    [
        (frechet_error, np.eye(4), np.eye(4), "covariance is singular"),
        (frechet_error, np.zeros((9, 2)), np.zeros((9, 3)), "fake has 3 columns"),
        (kid_error, np.zeros((9, 2)), np.zeros((1, 2)), "fake has one sample"),
        (mind_error, np.zeros((9, 2)), np.zeros((8, 2)), "real has 9 rows and fake 8"),
    ],
)
def test_what_has_no_such_error_is_said(function, real, fake, message):
    with pytest.raises(ValueError, match=message):
        function(real, fake)


@pytest.mark.parametrize("values", [[1.0], [1.0, np.nan], [[1.0, 2.0]]])
def test_a_jackknife_needs_two_finite_values(values):
    with pytest.raises(ValueError, match="left_out"):
        jackknife_error(values)


SCORES = {
    "fid": (frechet_distance, frechet_error),
    "kid": (unbiased_mmd2, kid_error),
    "mind": (lambda real, fake: mind(real, fake, directions=128), lambda a, b: mind_error(a, b, directions=128)),
}


@pytest.mark.parametrize(("share", "count"), [(0.5, 100), (0.1, 1000), (0.9, 400)])
def test_the_error_of_a_share_is_the_spread_of_shares(share, count):
    drawn = np.random.default_rng(0).binomial(count, share, 20_000) / count
    assert share_error(share, count) == pytest.approx(drawn.std(), rel=0.05)


def test_none_of_few_is_not_known_to_be_none():
    assert share_error(0.0, 10) > share_error(0.0, 1000) > 0
    assert share_error(1.0, 10) == pytest.approx(share_error(0.0, 10))


@pytest.mark.slow
@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("scenario", ["same", "shift", "modes"])
def test_intervals_of_two_errors_cover_the_expected_score(name, scenario):
    rng = np.random.default_rng(1)
    centres = 4 * rng.normal(size=(10, 64))
    score, error = SCORES[name]

    def draw(modes):
        if scenario == "modes":
            return centres[rng.integers(0, modes, 500)] + rng.normal(size=(500, 64))
        return rng.normal(size=(500, 64)) + (0.3 if scenario == "shift" and modes == 8 else 0)

    real = draw(10)
    fakes = [draw(8) for _ in range(100)]
    scores, errors = (np.array([function(real, fake) for fake in fakes]) for function in (score, error))
    assert np.mean(np.abs(scores - scores.mean()) <= 1.96 * errors) >= 0.9
    assert 0.8 <= errors.mean() / scores.std(ddof=1) <= 1.4
