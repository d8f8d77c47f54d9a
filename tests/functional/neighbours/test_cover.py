"""Precision and recall cover: brute force, leaving out, and what hubs and outliers do to them."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from genharness.functional.neighbours.cover import cover
from genharness.functional.prdc import prdc
from genharness.functional.sampling_error import jackknife_error


def brute(real, fake, k):
    def share(rows, others):
        radii = np.sort(cdist(rows, rows), axis=1)[:, 3 * k]
        return np.mean((cdist(rows, others) <= radii[:, None]).sum(1) >= k)

    return share(fake, real), share(real, fake)


def sets(n=120, m=90, d=4, shift=0.5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) + shift


def lattice(seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 3, (80, 3)).astype(float), rng.integers(0, 4, (70, 3)).astype(float)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("pair", [sets(), sets(d=1), sets(60, 150, shift=2), lattice()], ids=str)
def test_shares_are_those_of_the_definition(pair, k):
    found = cover(*pair, k)
    assert (found.fakes, found.reals) == brute(*pair, k)


@pytest.mark.parametrize("pair", [sets(60, 50), lattice()], ids=["random", "with copies and ties"])
def test_errors_are_those_of_leaving_out_each_fake(pair):
    real, fake = pair
    again = [brute(real, np.delete(fake, j, 0), 2) for j in range(len(fake))]
    found = cover(real, fake, 2)
    errors = found.fakes_error, found.reals_error
    for shares, error, rows in zip(zip(*again, strict=True), errors, (fake, real), strict=True):
        assert error == pytest.approx(np.hypot(jackknife_error(shares), 1 / (len(rows) * np.sqrt(12))), rel=1e-9)


def test_a_hub_among_the_fakes_and_an_outlier_among_the_reals_move_neither():
    real, fake = sets(300, 300, 64, shift=1)
    hub = np.concatenate([fake[1:], real.mean(0, keepdims=True)])
    outlier = np.concatenate([real[1:], 30 * np.ones((1, 64))])
    assert prdc(real, hub).coverage > 0.9  # what these do to balls that need hold one only
    assert prdc(outlier, fake).precision > 0.9
    for pair in ((real, fake), (real, hub), (outlier, fake)):
        found = cover(*pair)
        assert max(found.fakes, found.reals) < 0.03


def test_junk_lowers_the_share_of_fakes_and_dropped_modes_that_of_reals():
    rng = np.random.default_rng(0)
    centres = 20 * rng.normal(size=(4, 8))
    real, whole = (centres[np.arange(400) % 4] + rng.normal(size=(400, 8)) for _ in range(2))
    junk = np.where(np.arange(400)[:, None] % 2, whole, 1000 + rng.normal(size=(400, 8)))
    half = centres[np.arange(400) % 2] + rng.normal(size=(400, 8))
    assert min(cover(real, whole).fakes, cover(real, whole).reals) > 0.95
    assert cover(real, junk).fakes == pytest.approx(0.5, abs=0.03)
    assert cover(real, half).reals == pytest.approx(0.5, abs=0.03)


def test_too_few_rows_are_said():
    with pytest.raises(ValueError, match="15 neighbours need more than 15 rows in fake"):
        cover(*sets(30, 15))
    assert np.isnan(cover(*sets(30, 16)).fakes_error)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["same", "shift", "modes"])
def test_intervals_of_two_errors_cover_the_expected_shares(scenario):
    rng = np.random.default_rng(1)
    centres = 4 * rng.normal(size=(10, 16))

    def draw(modes):
        if scenario == "modes":
            return centres[rng.integers(0, modes, 400)] + rng.normal(size=(400, 16))
        return rng.normal(size=(400, 16)) + (0.4 if scenario == "shift" and modes == 8 else 0)

    real = draw(10)
    found = [cover(real, draw(8)) for _ in range(150)]
    for name in ("fakes", "reals"):
        scores, errors = (np.array([getattr(one, key) for one in found]) for key in (name, f"{name}_error"))
        print(scenario, name, scores.mean(), errors.mean() / scores.std())
        assert np.mean(np.abs(scores - scores.mean()) <= 1.96 * errors) >= 0.9, name
