"""MIND beside POT's sliced Wasserstein distance and beside closed forms."""

from __future__ import annotations

import numpy as np
import ot
import pytest
import torch

from feature_sets import gaussians
from genharness.functional.frechet import frechet_distance
from genharness.functional.mind import draw_directions, mind

KINDS = ("orthogonal", "random")


def axes_of(seed, width, count, kind):
    return draw_directions(width, count, kind, torch.Generator().manual_seed(seed)).double().numpy()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "d", "directions"), [(80, 5, 33), (300, 40, 100), (25, 1, 4), (2, 7, 3)])
def test_it_is_pots_sliced_distance_squared_times_three_d(n, d, directions, kind):
    real, fake = gaussians(n, n, d, dtype=np.float64)
    axes = axes_of(7, d, directions, kind)
    expected = 3 * d * ot.sliced_wasserstein_distance(real, fake, projections=axes.T) ** 2
    assert mind(real, fake, directions=directions, kind=kind, seed=7) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e8])
def test_float32_features_score_as_float64_ones_do_far_from_the_origin_too(scale):
    rng = np.random.default_rng(0)
    real, fake = (np.float32(scale * (1000 + rng.normal(size=(500, 30)) * spread)) for spread in (1.0, 0.9))
    expected = mind(real.astype(np.float64), fake.astype(np.float64))
    assert mind(real, fake) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_shift_scores_three_times_its_frechet_distance(kind):
    real, _ = gaussians(400, 1, 12, dtype=np.float64)
    shift = np.linspace(-1, 2, 12)
    tolerance = 5 * np.sqrt(2 / 4000)
    found = mind(real, real + shift, directions=4000, kind=kind)
    assert found == pytest.approx(3 * frechet_distance(real, real + shift), rel=tolerance)


def test_a_shift_scores_exactly_with_whole_orthogonal_blocks():
    real, _ = gaussians(50, 1, 8, dtype=np.float64)
    shift = np.arange(8.0)
    assert mind(real, real + shift, directions=16) == pytest.approx(3 * shift @ shift, rel=1e-5)


def test_unlike_gaussians_score_their_closed_form():
    rng = np.random.default_rng(3)
    spread = np.linspace(0.5, 2, 6)
    real, fake = rng.normal(size=(40_000, 6)), rng.normal(size=(40_000, 6)) * spread
    axes = axes_of(2020, 6, 600, "orthogonal")
    expected = 3 * 6 * np.mean((1 - np.sqrt(axes**2 @ spread**2)) ** 2)
    assert mind(real, fake, directions=600) == pytest.approx(expected, rel=0.03)


def test_a_set_scores_nothing_against_itself_whatever_its_order():
    real, _ = gaussians(200, 1, 9)
    assert mind(real, real[::-1]) == 0


def test_it_is_symmetric_and_grows_with_the_square_of_the_unit():
    real, fake = gaussians(300, 300, 9, dtype=np.float64)
    assert mind(real, fake) == pytest.approx(mind(fake, real), rel=1e-9)
    assert mind(1e3 * real, 1e3 * fake) == pytest.approx(1e6 * mind(real, fake), rel=1e-9)


def test_one_row_a_set_scores_its_squared_distance():
    assert mind([[0.0, 0.0]], [[3.0, 4.0]], directions=2) == pytest.approx(3 * 25, rel=1e-6)


def test_constant_features_score_their_shift_alone():
    assert mind(np.ones((9, 4)), np.ones((9, 4))) == 0
    assert mind(np.ones((9, 4)), 3 * np.ones((9, 4)), directions=4) == pytest.approx(3 * 16, rel=1e-6)


def test_the_same_distribution_scores_half_at_twice_the_samples():
    rng = np.random.default_rng(1)
    few, many = (np.mean([mind(*rng.normal(size=(2, n, 24)), directions=96) for _ in range(8)]) for n in (250, 500))
    assert few / many == pytest.approx(1.9, abs=0.25)


def test_orthogonal_directions_scatter_the_score_less():
    rng = np.random.default_rng(2)
    real = rng.normal(size=(500, 32))
    fake = rng.normal(size=(500, 32)) + 0.3
    spread = {
        kind: np.std([mind(real, fake, directions=64, kind=kind, seed=seed) for seed in range(12)]) for kind in KINDS
    }
    assert spread["orthogonal"] < spread["random"] / 5


def test_orthogonal_directions_are_orthonormal_block_by_block():
    axes = axes_of(0, 10, 24, "orthogonal")
    for block in (axes[:10], axes[10:20], axes[20:]):
        np.testing.assert_allclose(block @ block.T, np.eye(len(block)), atol=1e-6)
    np.testing.assert_allclose((axes**2).sum(1), 1, atol=1e-12)


def test_rows_of_the_larger_set_are_drawn_from_the_seed():
    real, fake = gaussians(300, 100, 6)
    generator = torch.Generator().manual_seed(4)
    drawn = real[torch.randperm(300, generator=generator)[:100].numpy()]
    axes = draw_directions(6, 50, "random", generator).double().numpy()
    expected = 18 * ot.sliced_wasserstein_distance(drawn.astype(float), fake.astype(float), projections=axes.T) ** 2
    assert mind(real, fake, directions=50, kind="random", seed=4) == pytest.approx(expected, rel=1e-5)


def test_threads_and_blocks_do_not_show(monkeypatch):
    real, fake = gaussians(100, 100, 6)
    whole = mind(real, fake, directions=100)
    monkeypatch.setattr("genharness.functional.mind._BLOCK", 7)
    assert mind(real, fake, directions=100) == pytest.approx(whole, rel=1e-6)


def test_inputs_are_left_as_they_were():
    real, fake = gaussians(40, 40, 6)
    kept = real.copy(), fake.copy()
    mind(real, fake, directions=5)
    assert (real == kept[0]).all()
    assert (fake == kept[1]).all()


@pytest.mark.parametrize(
    ("real", "fake", "options", "message"),
    [
        (np.zeros((5, 2)), np.zeros((5, 3)), {}, "fake has 3 columns where real has 2"),
        (np.zeros((0, 2)), np.zeros((5, 2)), {}, "real must be a matrix"),
        (np.zeros((5, 2)), np.full((5, 2), np.nan), {}, "fake holds nan"),
        (np.zeros((5, 2)), np.zeros((5, 2)), {"directions": 0}, "directions must be at least 1"),
        (np.zeros((5, 2)), np.zeros((5, 2)), {"kind": "sobol"}, "must be orthogonal or random, not 'sobol'"),
        (np.zeros((5, 2)), np.full((5, 2), 1e200), {}, "squares overflow"),
    ],
)
def test_bad_arguments_are_named_with_their_value(real, fake, options, message):
    with pytest.raises(ValueError, match=message):
        mind(real, fake, **options)


@pytest.mark.gpu
@pytest.mark.parametrize("kind", KINDS)
def test_cuda_gives_the_same_answer(kind):
    real, fake = (torch.from_numpy(rows) for rows in gaussians(3000, 2500, 100))
    assert mind(real.cuda(), fake.cuda(), kind=kind) == pytest.approx(mind(real, fake, kind=kind), rel=1e-4)
