import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from genharness.kit.mixture import GaussianMixtures


def two_groups(seed=0, n=600):
    generator = np.random.default_rng(seed)
    group = np.arange(n) % 2
    x = generator.normal(size=(n, 3)) * [1.0, 0.5, 2.0] + np.where(group[:, None] == 1, 5.0, -5.0)
    return x, group


def test_an_unfitted_mixture_is_the_standard_normal():
    x = torch.randn(10, 3)
    expected = torch.distributions.Normal(0, 1).log_prob(x).sum(1)
    assert torch.allclose(GaussianMixtures(2, 4, 3).log_prob(x), expected[:, None].expand(-1, 2), atol=1e-5)


def test_log_prob_is_that_of_scikit_learn():
    x, _ = two_groups()
    ours = GaussianMixtures(1, 3, 3)
    ours.fit(x, None, reg_covar=1e-6, seed=0)
    peer = GaussianMixture(3, reg_covar=1e-6, random_state=0, max_iter=200).fit(x)
    assert np.allclose(ours.log_prob(torch.from_numpy(x).float())[:, 0], peer.score_samples(x), atol=1e-3)


def test_each_group_is_fitted_to_its_own_members():
    x, group = two_groups()
    mixtures = GaussianMixtures(2, 1, 3)
    mixtures.fit(x, group, reg_covar=1e-9, seed=0)
    for index in (0, 1):
        members = x[group == index]
        assert np.allclose(mixtures.means[index, 0], members.mean(0), atol=1e-5)
        covariance = mixtures.factors[index, 0] @ mixtures.factors[index, 0].T
        assert np.allclose(covariance, np.cov(members.T, ddof=0), atol=1e-4)


def test_samples_have_the_moments_of_their_group():
    x, group = two_groups()
    mixtures = GaussianMixtures(2, 1, 3)
    mixtures.fit(x, group, reg_covar=1e-9, seed=0)
    drawn = mixtures.sample(torch.ones(20_000, dtype=torch.int64), torch.Generator().manual_seed(0)).numpy()
    assert np.allclose(drawn.mean(0), x[group == 1].mean(0), atol=0.05)
    assert np.allclose(np.cov(drawn.T), np.cov(x[group == 1].T), atol=0.12)


def test_components_are_drawn_by_their_weights():
    mixtures = GaussianMixtures(1, 2, 1)
    mixtures.weights.copy_(torch.tensor([[0.2, 0.8]]))
    mixtures.means.copy_(torch.tensor([[[-100.0], [100.0]]]))
    drawn = mixtures.sample(torch.zeros(10_000, dtype=torch.int64), torch.Generator().manual_seed(0))
    assert (drawn > 0).float().mean() == pytest.approx(0.8, abs=0.02)


def test_widening_adds_to_the_diagonal():
    mixtures = GaussianMixtures(1, 1, 2)
    mixtures.widen(torch.tensor([3.0, 0.0]))
    x = np.array([0.7, -1.2])
    expected = multivariate_normal(np.zeros(2), np.diag([4.0, 1.0])).logpdf(x)
    assert float(mixtures.log_prob(torch.from_numpy(x[None]).float())) == pytest.approx(expected, abs=1e-5)


def test_a_group_with_too_few_members_is_named():
    x, group = two_groups(n=9)
    with pytest.raises(ValueError, match="group 1 has 4 samples, and its mixture needs 5"):
        GaussianMixtures(2, 5, 3).fit(x, group, reg_covar=1e-6, seed=0)
