"""FID-infinity removes the bias of finitely many samples."""

from __future__ import annotations

import numpy as np
import pytest

from genharness.functional.fid_infinity import fid_infinity, fid_infinity_error
from genharness.functional.frechet import GaussianStatistics, frechet_distance_from_statistics

D = 64


def standard():
    return GaussianStatistics(np.zeros(D), np.eye(D))


def fakes(n, seed=0):
    return np.random.default_rng(seed).standard_normal((n, D)) * 1.2 + 0.1


TRUTH = D * (0.1**2 + 0.2**2)


@pytest.mark.parametrize("seed", range(4))
def test_the_closed_form_is_recovered_where_the_plain_distance_is_biased(seed):
    fake = fakes(2000, seed)
    plain = frechet_distance_from_statistics(standard(), GaussianStatistics.fit(fake))
    line = fid_infinity(standard(), fake, seed=seed)
    assert plain - TRUTH > 0.1
    assert abs(line.value - TRUTH) < 0.5 * (plain - TRUTH)


def test_the_bias_is_removed_on_average():
    errors = [fid_infinity(standard(), fakes(2000, seed), points=8).value - TRUTH for seed in range(12)]
    plain = [
        frechet_distance_from_statistics(standard(), GaussianStatistics.fit(fakes(2000, seed))) - TRUTH
        for seed in range(12)
    ]
    assert abs(np.mean(errors)) < 0.15 * np.mean(plain)


def test_the_line_is_the_least_squares_line_through_its_points():
    line = fid_infinity(standard(), fakes(500))
    design = np.stack([np.ones(len(line.sizes)), 1 / np.array(line.sizes)], axis=1)
    intercept, slope = np.linalg.lstsq(design, np.array(line.distances))[0]
    assert (line.value, line.slope) == (pytest.approx(intercept, rel=1e-9), pytest.approx(slope, rel=1e-9))


def test_sizes_go_in_even_steps_from_a_tenth_to_all():
    line = fid_infinity(standard(), fakes(1500))
    assert (line.sizes[0], line.sizes[-1], len(line.sizes)) == (150, 1500, 15)
    assert set(np.diff(line.sizes)) <= {96, 97}


def test_the_last_point_is_the_plain_distance():
    fake = fakes(300)
    plain = frechet_distance_from_statistics(standard(), GaussianStatistics.fit(fake))
    assert fid_infinity(standard(), fake).distances[-1] == pytest.approx(plain, rel=1e-12)


def test_real_features_serve_as_well_as_their_statistics():
    real = np.random.default_rng(1).standard_normal((400, D))
    assert fid_infinity(real, fakes(300)) == fid_infinity(GaussianStatistics.fit(real), fakes(300))


def test_a_seed_repeats_and_another_does_not():
    fake = fakes(300)
    assert fid_infinity(standard(), fake, seed=3) == fid_infinity(standard(), fake, seed=3)
    assert fid_infinity(standard(), fake, seed=3) != fid_infinity(standard(), fake, seed=4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smallest": 300}, "fake has 300 samples, too few for subsets of 300"),
        ({"smallest": 1}, "smallest must be at least 2, not 1"),
        ({"points": 1}, "points must be at least 2, not 1"),
    ],
)
def test_numbers_that_make_no_line_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fid_infinity(standard(), fakes(300), **options)


@pytest.mark.parametrize(("fake", "message"), [(fakes(1), "fake has one sample"), (fakes(2), "fake has 2 samples")])
def test_too_few_fakes_are_named(fake, message):
    with pytest.raises(ValueError, match=message):
        fid_infinity(standard(), fake)


@pytest.mark.parametrize(("shift", "points"), [(0.0, 5), (0.5, 15)])
def test_the_error_is_the_spread_of_lines_through_other_samples(shift, points):
    rng = np.random.default_rng(0)
    real = GaussianStatistics.fit(rng.normal(size=(3000, 6)))
    sets = [rng.normal(shift, 1, size=(300, 6)) for _ in range(60)]
    lines = [fid_infinity(real, fake, points=points).value for fake in sets]
    errors = [fid_infinity_error(real, fake, points=points) for fake in sets[:25]]
    covered = np.mean(np.abs(lines[:25] - np.mean(lines)) <= 1.96 * np.array(errors))
    assert 0.8 < np.mean(errors) / np.std(lines) < 1.6
    assert covered >= 0.9


def test_subsets_in_fewer_directions_have_no_error():
    real = np.random.default_rng(0).normal(size=(100, 8))
    with pytest.raises(ValueError, match="singular"):
        fid_infinity_error(real, real[:60], smallest=8)
