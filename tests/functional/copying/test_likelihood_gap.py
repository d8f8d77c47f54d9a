"""The gap of likelihoods: a brute force, closed forms, its fit at a minimum, and planted copies."""

import math

import numpy as np
import pytest
import torch

from genharness.functional.copying import likelihood_gap as module
from genharness.functional.copying.likelihood_gap import likelihood_gap


def normal(seed, n=60, d=8):
    return np.random.default_rng(seed).normal(size=(n, d))


def brute_loss(rows, centres, log_variances):
    """Return -mean log of the mixture's density over d, one pair after another in float64."""
    n, d = rows.shape
    total = 0.0
    for row in rows:
        densities = [
            -np.square(row - centre).sum() / (2 * math.exp(v)) - d / 2 * (v + math.log(2 * math.pi))
            for centre, v in zip(centres, log_variances, strict=True)
        ]
        total -= np.logaddexp.reduce(densities) - math.log(len(centres))
    return total / (n * d)


def fitted(train, test, fake):
    """Return the standardised sets, and the log-variances of the fit."""
    sets = module._standardised(*(torch.from_numpy(rows) for rows in (train, test, fake)))
    return [rows.numpy() for rows in sets], module._Mixture.fitted(sets[0], sets[2]).log_variances


@pytest.mark.parametrize("fake", [normal(2), normal(2, 25), 0.3 * normal(2), normal(0) + 0.05 * normal(3)])
def test_losses_are_those_of_the_definition(fake):
    (train, test, made), log_variances = fitted(normal(0), normal(1, 40), fake)
    found = likelihood_gap(normal(0), normal(1, 40), fake)
    assert found.train == pytest.approx(brute_loss(train, made, log_variances.tolist()), rel=1e-5)
    assert found.test == pytest.approx(brute_loss(test, made, log_variances.tolist()), rel=1e-5)
    assert found.gap == pytest.approx(100 * (found.train - found.test))


def test_the_gradient_is_that_of_autograd():
    squares = torch.rand(30, 7, dtype=torch.float64) * 9
    weights, variances = torch.randn(7, dtype=torch.float64), torch.randn(7, dtype=torch.float64, requires_grad=True)
    log_p = weights - 2 * (variances + math.log(2 * math.pi)) - squares / (2 * variances.exp())
    loss = -torch.logsumexp(log_p, dim=1).mean() / 4
    loss.backward()
    value, gradient = module._loss_and_gradient(squares.float(), variances.detach(), weights, 4)
    assert value == pytest.approx(loss.item(), rel=1e-5)
    assert gradient.numpy() == pytest.approx(variances.grad.numpy(), rel=1e-4, abs=1e-6)


def test_the_fit_comes_to_where_one_gaussian_has_its_best_variance():
    """Around one centre, far from everything the further Gaussian takes nothing: v = mean squared distance / d."""
    train = torch.from_numpy(normal(0, 200))
    centre = train.mean(dim=0, keepdim=True)
    found = module._Mixture.fitted(train, centre).log_variances
    # The further Gaussian stands at the same place, so that the two share rows: of both the best is the widest or less.
    widest = math.log(float((train - centre).square().sum(dim=1).mean()) / 8)
    assert float(found[0]) == pytest.approx(widest, abs=0.3)


def test_the_fit_is_at_a_minimum():
    sets, log_variances = fitted(normal(0, 200), normal(1, 200), normal(2, 200))
    train, fake = torch.from_numpy(sets[0]), torch.from_numpy(sets[2])
    mixture = module._Mixture(log_variances, 8)
    at = mixture.loss(module._squares(train, fake))
    for factor in (0.5, 2.0):
        moved = module._Mixture(log_variances + math.log(factor), 8)
        assert moved.loss(module._squares(train, fake)) > at


def test_copies_lie_far_below_new_samples():
    train, test = normal(0, 300, 32), normal(1, 300, 32)
    fresh = likelihood_gap(train, test, normal(2, 300, 32)).gap
    fake = normal(2, 300, 32)
    fake[:30] = train[:30] + 0.2 * normal(3, 30, 32)
    assert fresh == pytest.approx(0, abs=1.5)
    assert likelihood_gap(train, test, fake).gap < -10
    assert likelihood_gap(train, test, train).gap < -1000
    assert abs(likelihood_gap(train, test, 0.5 * normal(2, 300, 32)).gap) < 3


def test_scale_and_offset_of_columns_do_not_matter():
    sets = normal(0), normal(1), normal(2)
    scale = 10.0 ** np.arange(-3, 5)
    moved = likelihood_gap(*(rows * scale + 7 * scale for rows in sets))
    assert moved.gap == pytest.approx(likelihood_gap(*sets).gap, rel=1e-2, abs=1e-2)


def test_columns_that_do_not_vary_are_left_out():
    sets = [np.concatenate([rows, np.full((60, 1), 3.0)], axis=1) for rows in (normal(0), normal(1), normal(2))]
    assert likelihood_gap(*sets).gap == pytest.approx(likelihood_gap(normal(0), normal(1), normal(2)).gap, abs=1e-6)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ((normal(0), normal(1, 1), normal(2)), "test must have at least 2 rows"),
        ((normal(0), np.ones((5, 8)), normal(2)), "no column of test varies"),
        ((normal(0), normal(1, d=3), normal(2)), "columns"),
        ((normal(0), normal(1), np.full((4, 8), np.nan)), "fake holds nan"),
    ],
)
def test_sets_that_define_no_gap_are_refused(sets, message):
    with pytest.raises(ValueError, match=message):
        likelihood_gap(*sets)
