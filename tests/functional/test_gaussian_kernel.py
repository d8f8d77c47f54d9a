"""Scores under the Gaussian kernel: brute force in float64, closed forms, and vendi-score."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from vendi_score import vendi

from genharness.functional.gaussian_kernel import gaussian_mmd, median_square, mode_number
from genharness.functional.sampling_error import jackknife_error

RNG = np.random.default_rng(0)
REAL, FAKE = RNG.normal(size=(90, 6)), 0.8 * RNG.normal(size=(70, 6)) + 0.4


def kernel(a, b, square):
    return np.exp(-cdist(a, b, "sqeuclidean") / (2 * square))


def brute(real, fake, square, *, diagonal):
    def mean(rows):
        values = kernel(rows, rows, square)
        return values.mean() if diagonal else (values.sum() - len(rows)) / (len(rows) * (len(rows) - 1))

    return mean(real) + mean(fake) - 2 * kernel(real, fake, square).mean()


@pytest.mark.parametrize("offset", [0.0, 1e4])
@pytest.mark.parametrize("square", [0.5, 6.0, 1e5])
def test_both_estimates_are_those_of_the_definition(square, offset):
    found = gaussian_mmd(REAL + offset, FAKE + offset, square)
    assert found.biased == pytest.approx(brute(REAL, FAKE, square, diagonal=True), rel=1e-5, abs=1e-14)
    assert found.unbiased == pytest.approx(brute(REAL, FAKE, square, diagonal=False), rel=1e-5, abs=1e-14)


def test_equal_sets_are_at_no_distance_and_the_unbiased_one_is_below():
    found = gaussian_mmd(REAL, REAL, 6.0)
    assert found.biased == pytest.approx(0, abs=1e-14)
    assert found.unbiased < 0


def test_of_two_gaussians_it_is_the_closed_form():
    d, square, scale = 4, 6.0, 0.5
    rng = np.random.default_rng(1)

    def expected(variance):  # of k(x, y), x - y ~ N(0, variance I)
        return (1 + variance / square) ** (-d / 2)

    found = gaussian_mmd(rng.normal(size=(3000, d)), scale * rng.normal(size=(3000, d)), square)
    truth = expected(2) + expected(2 * scale**2) - 2 * expected(1 + scale**2)
    assert abs(found.unbiased - truth) < 4 * found.error + 1e-3


def test_unit_features_see_means_alone():
    rng = np.random.default_rng(2)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in rng.normal(0.1, 1, size=(2, 400, 64))]
    moved = unit[1] + 0.05
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    means = np.square(unit[0].mean(0) - moved.mean(0)).sum()
    assert 1000 * gaussian_mmd(unit[0], moved, 100.0).biased == pytest.approx(10 * means, rel=0.03)


def test_collapse_that_keeps_the_mean_is_seen_with_a_narrow_kernel():
    rng = np.random.default_rng(3)
    same, narrow = rng.normal(size=(300, 16)), 0.3 * rng.normal(size=(300, 16))
    real = rng.normal(size=(300, 16))
    square = median_square(real)
    sound, collapsed = gaussian_mmd(real, same, square), gaussian_mmd(real, narrow, square)
    assert abs(sound.unbiased) < 5 * sound.error
    assert collapsed.unbiased > 20 * sound.error


def test_the_error_is_that_of_the_jackknife():
    left_out = [gaussian_mmd(REAL, np.delete(FAKE, j, 0), 6.0).unbiased for j in range(len(FAKE))]
    assert gaussian_mmd(REAL, FAKE, 6.0).error == pytest.approx(jackknife_error(left_out), rel=0.05)


def test_the_median_is_that_of_all_pairs_or_of_a_draw():
    assert median_square(REAL) == pytest.approx(np.median(pdist(REAL, "sqeuclidean")))
    many = np.random.default_rng(0).normal(size=(3000, 5))
    assert median_square(many, most=500) == pytest.approx(np.median(pdist(many, "sqeuclidean")), rel=0.05)
    ordered = many[np.argsort(many[:, 0])]
    assert median_square(ordered, most=500) == pytest.approx(median_square(many, most=500), rel=0.1)


@pytest.mark.filterwarnings("ignore:Please import `csr_matrix`:DeprecationWarning")
def test_the_number_of_modes_is_the_vendi_score_of_order_2():
    expected = vendi.score_K(kernel(FAKE, FAKE, 3.0), q=2)
    assert mode_number(FAKE, 3.0).value == pytest.approx(expected, rel=1e-6)


def test_modes_far_apart_are_counted_and_dropping_some_is_seen():
    rng = np.random.default_rng(0)
    centres = 50 * rng.normal(size=(10, 4))

    def made(kinds):
        return centres[np.arange(600) % kinds] + 0.05 * rng.normal(size=(600, 4))

    assert mode_number(made(10), 1.0).value == pytest.approx(10, rel=0.05)
    assert mode_number(made(5), 1.0).value == pytest.approx(5, rel=0.05)


def test_its_error_is_that_of_the_jackknife():
    left_out = [mode_number(np.delete(FAKE, j, 0), 3.0).value for j in range(len(FAKE))]
    assert mode_number(FAKE, 3.0).error == pytest.approx(jackknife_error(left_out), rel=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gaussian_mmd(REAL, FAKE[:1], 1.0), "at least 2"),
        (lambda: gaussian_mmd(REAL, FAKE[:, :3], 1.0), "3 columns"),
        (lambda: gaussian_mmd(REAL, FAKE, 0.0), "above 0"),
        (lambda: mode_number(REAL, -1.0), "above 0"),
        (lambda: median_square(np.ones((9, 2))), "half of the pairs"),
        (lambda: median_square(REAL[:1]), "at least 2"),
    ],
)
def test_what_is_not_defined_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()
