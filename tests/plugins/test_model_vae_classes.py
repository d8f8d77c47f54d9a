"""Classes in VAEs: a Gaussian of codes for each, and a bound that needs no labels."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal, kl_divergence

from genharness.errors import ConfigError
from genharness.kit import Batch
from genharness.spec.plugins import DataShape
from genharness_model_vae.class_prior import ClassPrior
from genharness_model_vae.configs import VAEConfig
from genharness_model_vae.vae import VAE


@pytest.fixture
def prior():
    torch.manual_seed(0)
    prior = ClassPrior(3, 4)
    prior.log_var.data.normal_()
    return prior


def test_its_density_is_that_of_the_mixture(prior):
    parts = Independent(Normal(prior.mean, (prior.log_var / 2).exp()), 1)
    mixture = MixtureSameFamily(Categorical(logits=torch.zeros(3)), parts)
    z = torch.randn(7, 4)
    torch.testing.assert_close(prior.log_prob(z), mixture.log_prob(z))


def test_its_divergence_is_that_of_two_gaussians(prior):
    mu, log_var, y = torch.randn(5, 4), torch.randn(5, 4), torch.tensor([0, 2, 1, 2, 0])
    expected = kl_divergence(Normal(mu, (log_var / 2).exp()), Normal(prior.mean[y], (prior.log_var[y] / 2).exp())).sum(
        1
    )
    torch.testing.assert_close(prior.kl(mu, log_var, y), expected)


def test_codes_of_a_class_have_its_moments(prior):
    codes = prior.place(torch.randn(50_000, 4), torch.full((50_000,), 1))
    torch.testing.assert_close(codes.mean(0), prior.mean[1], rtol=0.05, atol=0.05)
    torch.testing.assert_close(codes.var(0), prior.log_var[1].exp(), rtol=0.05, atol=0.0)


def test_bright_and_dark_are_learnt_as_classes():
    torch.manual_seed(0)
    data = DataShape("image", (1, 8, 8), classes=2, train_count=100)
    model = VAE(data, VAEConfig(conditional=True, latent=4, width=4, hidden=32, lr=1e-2))
    labels = torch.arange(32).remainder(2)
    for step in range(150):
        images = (labels * 1.2 - 0.6).view(-1, 1, 1, 1) + 0.1 * torch.randn(32, 1, 8, 8)
        model.training_step(Batch(images.clamp(-1, 1), labels, step, step / 150))
    model.eval()
    with torch.no_grad():
        dark, bright = (
            model.sample(20, labels=torch.full((20,), label), generator=torch.Generator().manual_seed(0)).mean()
            for label in (0, 1)
        )
        assert bright - dark > 0.5
        assert model.bits_per_dim(images[:4]).isfinite().all()


def test_classes_are_refused_where_there_are_none():
    with pytest.raises(ConfigError, match="at least two classes"):
        VAE(DataShape("image", (1, 8, 8), classes=1), VAEConfig(conditional=True))
    model = VAE(DataShape("image", (1, 8, 8), classes=2), VAEConfig(conditional=True))
    with pytest.raises(ConfigError, match="without labels"):
        model.training_step(Batch(torch.zeros(2, 1, 8, 8), None, 0, 0.0))
