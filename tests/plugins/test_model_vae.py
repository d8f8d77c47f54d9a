import math

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from genharness import DataError, DataShape
from genharness.kit import Batch
from genharness.testing import synthetic_data
from genharness_model_vae.ae import AE
from genharness_model_vae.beta_vae import BetaVAE
from genharness_model_vae.configs import AEConfig, BetaVAEConfig, VAEConfig, VAEGMMConfig
from genharness_model_vae.likelihoods import VARIANCE_FLOOR, BernoulliLikelihood, GaussianLikelihood
from genharness_model_vae.networks import decoder, encoder
from genharness_model_vae.vae import VAE, kl_to_standard_normal
from genharness_model_vae.vae_gmm import VAEGMM

SMALL = {"width": 8, "hidden": 32, "latent": 3}
IMAGE = DataShape("image", (1, 8, 8), 4, 160)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def batch_of(data, n=160):
    x = torch.from_numpy(np.array(data.samples("train")[:n])).float()
    return Batch(x / 127.5 - 1 if x.ndim == 4 else x, None, 0, 0.0)


def trained(model, batch, steps=60):
    torch.manual_seed(0)
    for _ in range(steps):
        losses = model.training_step(batch)
    return model.eval(), losses


@pytest.mark.parametrize("size", [8, 16, 28, 30, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_encoder_and_decoder_mirror_each_other_at_every_size(size, channels):
    data, config = DataShape("image", (channels, size, size)), VAEConfig(**SMALL)
    z = encoder(data, config, 3)(torch.zeros(2, channels, size, size))
    assert z.shape == (2, 3)
    assert decoder(data, config, 3)(z).shape == (2, channels, size, size)


def test_kl_is_the_closed_form_of_torch():
    mu, log_var = torch.randn(5, 7), torch.randn(5, 7)
    expected = kl_divergence(Normal(mu, (0.5 * log_var).exp()), Normal(0.0, 1.0)).sum(1)
    assert torch.allclose(kl_to_standard_normal(mu, log_var), expected, atol=1e-5)


def test_kl_of_the_prior_itself_is_zero():
    assert kl_to_standard_normal(torch.zeros(2, 4), torch.zeros(2, 4)).tolist() == [0, 0]


def test_the_bernoulli_likelihood_is_that_of_torch():
    x, logits = torch.rand(3, 1, 4, 4), torch.randn(3, 1, 4, 4)
    coins = torch.distributions.Bernoulli(logits=logits, validate_args=False)
    assert torch.allclose(
        BernoulliLikelihood().log_prob(2 * x - 1, logits), coins.log_prob(x).flatten(1).sum(1), atol=1e-4
    )


def test_the_gaussian_likelihood_is_that_of_torch_at_the_running_variance():
    likelihood = GaussianLikelihood(bounded=False).eval()
    likelihood.variance.fill_(0.3)
    x, output = torch.randn(3, 6), torch.randn(3, 6)
    expected = Normal(output, math.sqrt(0.3)).log_prob(x).sum(1)
    assert torch.allclose(likelihood.log_prob(x, output), expected, atol=1e-4)


def test_the_training_variance_is_the_one_that_maximises_the_likelihood():
    likelihood, x, output = GaussianLikelihood(bounded=False), torch.randn(50, 6), torch.zeros(50, 6)
    best = likelihood.train().log_prob(x, output).mean()
    likelihood.eval()
    for variance in (0.8, 1.25):
        likelihood.variance.copy_(variance * (x**2).mean())
        assert likelihood.log_prob(x, output).mean() < best


def test_the_running_variance_follows_the_batches():
    likelihood = GaussianLikelihood(bounded=False).train()
    for _ in range(400):
        likelihood.log_prob(torch.full((4, 2), 0.2), torch.zeros(4, 2))
    assert float(likelihood.variance) == pytest.approx(0.04, rel=0.05)


def test_a_given_sigma_stays():
    likelihood = GaussianLikelihood(bounded=False, sigma=0.5).train()
    x = torch.randn(4, 2)
    expected = Normal(torch.zeros(4, 2), 0.5).log_prob(x).sum(1)
    assert torch.allclose(likelihood.log_prob(x, torch.zeros(4, 2)), expected)
    assert float(likelihood.variance) == 0.25


def test_constant_data_does_not_drive_the_likelihood_to_infinity():
    x = torch.zeros(4, 6)
    value = GaussianLikelihood(bounded=False).train().log_prob(x, x)
    assert torch.allclose(value, torch.tensor(-3 * math.log(2 * math.pi * VARIANCE_FLOOR)))


def linear_gaussian_vae():
    """A VAE whose decoder ignores z and says N(0.25, 0.1), so that every bound is known."""
    model = VAE(DataShape("tabular", (2,)), VAEConfig(**SMALL)).eval()
    for weight in model.parameters():
        torch.nn.init.zeros_(weight)
    torch.nn.init.constant_(model.decoder[-1].bias, 0.25)
    model.likelihood.variance.fill_(0.1)
    return model


def test_bits_per_dim_of_a_known_model_are_its_exact_negative_log_density():
    x = torch.tensor([[0.0, 1.0], [0.25, 0.25]])
    exact = -Normal(0.25, math.sqrt(0.1)).log_prob(x).sum(1) / (2 * math.log(2))
    assert torch.allclose(linear_gaussian_vae().bits_per_dim(x), exact, atol=1e-5)


@pytest.mark.parametrize("levels", [17, 256])
def test_bits_per_dim_of_grey_levels_are_at_least_their_entropy(levels):
    """Uniform grey levels have 8 bits (17: 4.09); no model can do with less, and a Gaussian needs .25 more."""
    model = VAE(DataShape("image", (1, 16, 16), levels=levels), VAEConfig(**SMALL)).eval()
    for weight in model.parameters():
        torch.nn.init.zeros_(weight)
    spacing = 2 / (levels - 1)
    variance = (levels * spacing) ** 2 / 12
    model.likelihood.variance.fill_(variance)
    x = torch.randint(0, levels, (64, 1, 16, 16)) * spacing - 1
    expected = 0.5 * math.log2(2 * math.pi * math.e * variance) - math.log2(spacing)
    with torch.no_grad():
        assert float(model.bits_per_dim(x).mean()) == pytest.approx(expected, abs=0.015)
    assert expected > math.log2(levels)


def test_a_bernoulli_likelihood_has_no_bits_per_dim():
    model = VAE(IMAGE, VAEConfig(**SMALL, likelihood="bernoulli")).eval()
    assert model.bits_per_dim(torch.zeros(3, 1, 8, 8)).isnan().all()


def test_a_table_is_gaussian_whatever_the_option_says():
    assert isinstance(VAE(DataShape("tabular", (3,)), VAEConfig(likelihood="bernoulli")).likelihood, GaussianLikelihood)


def test_the_loss_of_a_vae_is_the_sum_of_its_terms():
    losses = VAE(IMAGE, VAEConfig(**SMALL)).training_step(batch_of(synthetic_data()))
    assert set(losses) == {"loss", "reconstruction", "kl"}
    assert float(losses["loss"]) == pytest.approx(float(losses["reconstruction"] + losses["kl"]), rel=1e-5)


def test_the_loss_of_a_beta_vae_weighs_the_kl_term():
    losses = BetaVAE(IMAGE, BetaVAEConfig(**SMALL, beta=7.0)).training_step(batch_of(synthetic_data()))
    assert float(losses["loss"]) == pytest.approx(float(losses["reconstruction"] + 7 * losses["kl"]), rel=1e-5)


def test_beta_presses_the_kl_term_down():
    batch = batch_of(synthetic_data())
    kl = [float(trained(BetaVAE(IMAGE, BetaVAEConfig(**SMALL, beta=beta)), batch)[1]["kl"]) for beta in (0.1, 20.0)]
    assert kl[1] < kl[0] / 2


def test_what_is_reconstructed_is_the_decoded_posterior_mean():
    model = VAE(IMAGE, VAEConfig(**SMALL)).eval()
    x = batch_of(synthetic_data(), 4).data
    mu, _ = model.posterior(x)
    assert torch.equal(model.reconstruct(x), model.decode(mu))
    assert torch.equal(model.encode(x), mu)


@pytest.mark.parametrize(("cls", "config"), [(VAE, VAEConfig), (AE, AEConfig)])
def test_training_makes_reconstructions_better_than_the_mean_image(cls, config):
    batch = batch_of(synthetic_data())
    model, _ = trained(cls(IMAGE, config(**SMALL, lr=3e-3)), batch, steps=250)
    with torch.no_grad():
        error = (model.reconstruct(batch.data) - batch.data).square().mean()
    assert error < 0.4 * batch.data.var(dim=0).mean()


def test_the_ae_samples_codes_with_the_moments_of_its_training_codes():
    model, _ = trained(AE(IMAGE, AEConfig(**SMALL)), batch_of(synthetic_data()))
    model.fit(synthetic_data())
    with torch.no_grad():
        codes = model.encode(batch_of(synthetic_data()).data)
    drawn = model.draw_latents(20_000, labels=None, generator=generator())
    assert torch.allclose(drawn.mean(0), codes.mean(0), atol=0.05 * float(codes.std()))
    assert torch.allclose(drawn.T.cov(), codes.T.cov(correction=0), atol=0.05 * float(codes.var()))


def gmm(**options):
    model, _ = trained(VAEGMM(IMAGE, VAEGMMConfig(**SMALL, **options)), batch_of(synthetic_data()), steps=150)
    model.fit(synthetic_data())
    return model


def test_the_vae_gmm_gives_every_class_an_equal_share():
    model = gmm(components=1)
    model.prior.means.copy_(torch.arange(4.0)[:, None, None].expand(4, 1, 3) * 1000)
    classes = (model.draw_latents(401, labels=None, generator=generator()).mean(1) / 1000).round().long()
    counts = torch.bincount(classes, minlength=4).tolist()
    assert sorted(counts) == [100, 100, 100, 101]


def test_the_mixtures_match_the_codes_that_the_decoder_was_trained_on():
    """Mean and covariance of a class's mixture are those of z ~ q(z|x) over the class (law of total covariance)."""
    model, data = gmm(components=1, reg_covar=1e-9), synthetic_data()
    with torch.no_grad():
        mu, log_var = model.posterior(batch_of(data).data)
    members = torch.from_numpy(data.labels("train")) == 2
    covariance = mu[members].T.cov(correction=0) + torch.diag(log_var.exp().mean(0))
    fitted = model.prior.factors[2, 0] @ model.prior.factors[2, 0].T
    assert torch.allclose(model.prior.means[2, 0], mu[members].mean(0), atol=1e-4)
    assert torch.allclose(fitted, covariance, atol=1e-3)


def test_before_fitting_the_vae_gmm_has_the_prior_and_the_bound_of_a_vae():
    model = VAEGMM(IMAGE, VAEGMMConfig(**SMALL)).eval()
    x = batch_of(synthetic_data(), 64).data
    assert torch.allclose(model.bits_per_dim(x).mean(), VAE.bits_per_dim(model, x).mean())
    mu, log_var = model.posterior(x[:1].expand(4000, -1, -1, -1))
    z = mu + (0.5 * log_var).exp() * torch.randn_like(mu)
    expected = kl_to_standard_normal(mu, log_var)[0]
    assert torch.allclose(model.kl(mu, log_var, z).mean(), expected, atol=0.05)


def test_the_divergence_from_a_normal_prior_is_that_of_torch():
    model, x = VAE(IMAGE, VAEConfig(**SMALL)).eval(), batch_of(synthetic_data()).data
    mu, log_var = model.posterior(x)
    expected = kl_divergence(Normal(mu, (0.5 * log_var).exp()), Normal(0.0, 1.0)).sum(1)
    assert torch.allclose(model.kl_to_prior(x), expected, rtol=1e-4)


def test_the_divergence_from_mixtures_is_the_mean_of_log_ratios():
    model, data = gmm(components=1), synthetic_data()
    x = batch_of(data).data[:1].expand(6000, -1, -1, -1)
    with torch.no_grad():
        mu, log_var = (moment[0] for moment in model.posterior(x[:1]))
        z = Normal(mu, (0.5 * log_var).exp()).sample((6000,))
        log_q = Normal(mu, (0.5 * log_var).exp()).log_prob(z).sum(1)
        mixtures = zip(model.prior.means[:, 0], model.prior.factors[:, 0], strict=True)
        prior = [MultivariateNormal(mean, scale_tril=factor) for mean, factor in mixtures]
        log_p = torch.stack([one.log_prob(z) for one in prior]).logsumexp(0) - math.log(len(prior))
        assert torch.allclose(model.kl_to_prior(x).mean(), (log_q - log_p).mean(), rtol=0.05)


def test_one_mixture_serves_data_without_classes():
    model = VAEGMM(DataShape("image", (1, 8, 8), 0, 160), VAEGMMConfig(**SMALL)).eval()
    model.fit(synthetic_data(labelled=False))
    assert len(model.prior.weights) == 1
    assert len(model.sample(5, labels=None, generator=generator())) == 5


def test_per_class_false_fits_one_mixture():
    assert len(gmm(per_class=False).prior.weights) == 1


def test_a_class_smaller_than_its_mixture_is_refused_with_what_to_do():
    model = VAEGMM(IMAGE, VAEGMMConfig(**SMALL, components=41)).eval()
    with pytest.raises(DataError, match=r"group 0 has 40 samples.*lower vae-gmm.components"):
        model.fit(synthetic_data())


@pytest.mark.parametrize(("cls", "config"), [(VAE, VAEConfig), (AE, AEConfig), (VAEGMM, VAEGMMConfig)])
def test_samples_are_drawn_codes_that_are_decoded(cls, config):
    model = cls(IMAGE, config(**SMALL)).eval()
    with torch.no_grad():
        expected = model.sample(5, labels=None, generator=generator())
        codes = model.draw_latents(5, labels=None, generator=generator())
        assert torch.equal(model.decode_latents(codes, None), expected)
    assert codes.shape == (5, SMALL["latent"])
    assert model.normal_latents == (cls is VAE)


@pytest.mark.parametrize(("cls", "config"), [(VAE, VAEConfig), (AE, AEConfig), (VAEGMM, VAEGMMConfig)])
def test_the_ends_of_an_interpolation_are_samples_and_its_steps_are_small(cls, config):
    model = cls(IMAGE, config(**SMALL)).eval()
    with torch.no_grad():
        path = model.interpolate(3, 9, generator=generator()).view(3, 9, -1)
    steps = (path[:, 1:] - path[:, :-1]).norm(dim=2)
    assert (steps.max(dim=1).values < (path[:, -1] - path[:, 0]).norm(dim=1)).all()
