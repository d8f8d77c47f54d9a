import math

import pytest
import torch

from genharness import DataShape
from genharness.errors import ConfigError
from genharness.kit import Batch
from genharness.testing import synthetic_data
from genharness_model_vae.configs import VQVAEConfig
from genharness_model_vae.quantiser import Codebook, perplexity, straight_through
from genharness_model_vae.vq_vae import VQVAE

SMALL = VQVAEConfig(codes=16, dimensions=4, hidden=16, residual=8, prior_width=8, prior_layers=3)
IMAGE = DataShape("image", (1, 16, 16), 4, 160)


def batch(progress=0.0, n=32):
    x = torch.from_numpy(synthetic_data(16).samples("train")[:n].copy()).float() / 127.5 - 1
    return Batch(x, None, 0, progress)


def snapshot(module):
    return [value.clone() for value in module.state_dict().values()]


def same(one, two):
    return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


def test_nearest_is_the_nearest_vector():
    codebook, z = Codebook(50, 3, 0.99), torch.randn(200, 3)
    assert torch.equal(codebook.nearest(z), torch.cdist(z, codebook.e).argmin(1))


def test_straight_through_has_the_value_of_the_code_and_the_gradient_of_the_output():
    z, e = torch.randn(5, 3, requires_grad=True), torch.randn(5, 3)
    out = straight_through(z, e)
    assert torch.allclose(out, e)
    weights = torch.randn(5, 3)
    (out * weights).sum().backward()
    assert torch.equal(z.grad, weights)


def test_the_codebook_follows_the_papers_moving_averages():
    codebook, gamma = Codebook(6, 3, 0.9), 0.9
    N, m = codebook.counts.clone(), codebook.sums.clone()
    for seed in range(3):
        z = torch.randn(40, 3, generator=torch.Generator().manual_seed(seed))
        indices = codebook.nearest(z)
        for i in range(6):
            members = z[indices == i]
            N[i] = gamma * N[i] + (1 - gamma) * len(members)
            m[i] = gamma * m[i] + (1 - gamma) * members.sum(0)
        codebook.update(z, indices)
    assert torch.allclose(codebook.counts, N, atol=1e-4)
    assert torch.allclose(codebook.e, m / N[:, None], rtol=1e-3, atol=1e-4)


def test_a_vector_that_nothing_chooses_stays_where_it_is():
    codebook = Codebook(2, 1, 0.9)
    codebook.e.copy_(torch.tensor([[0.0], [100.0]]))
    codebook.sums.copy_(codebook.e)
    for _ in range(30):
        codebook.update(torch.full((8, 1), 1.0), torch.zeros(8, dtype=torch.int64))
    assert float(codebook.e[0]) == pytest.approx(1.0, abs=0.01)
    assert float(codebook.e[1]) == pytest.approx(100.0, rel=0.05)


def test_a_vector_out_of_use_is_moved_to_an_output():
    torch.manual_seed(0)
    codebook = Codebook(2, 1, 0.9, restart=0.5)
    codebook.e.copy_(torch.tensor([[0.0], [100.0]]))
    codebook.sums.copy_(codebook.e)
    z = torch.tensor([[1.0], [3.0]]).repeat(20, 1)
    for _ in range(60):
        codebook.update(z, codebook.nearest(z))
    assert codebook.e.flatten().sort().values.tolist() == pytest.approx([1.0, 3.0], abs=0.05)


def test_the_codebook_begins_at_the_encoders_outputs_once():
    codebook, z = Codebook(8, 2, 0.99), 50 + torch.randn(30, 2)
    codebook.begin(z)
    assert (torch.cdist(codebook.e, z).min(1).values < 0.05).all()
    begun = codebook.e.clone()
    codebook.begin(-z)
    assert torch.equal(codebook.e, begun)


def test_perplexity_counts_codes_in_use():
    assert float(perplexity(torch.arange(8).repeat(5), 16)) == pytest.approx(8, rel=1e-5)
    assert float(perplexity(torch.zeros(9, dtype=torch.int64), 16)) == 1


def test_the_prior_is_trained_in_the_last_part_of_the_budget_and_the_rest_in_the_first():
    model = VQVAE(IMAGE, SMALL)
    prior, rest = snapshot(model.prior), snapshot(model.encoder)
    model.training_step(batch(progress=0.49))
    assert same(snapshot(model.prior), prior)
    assert not same(snapshot(model.encoder), rest)
    frozen = [snapshot(part) for part in (model.encoder, model.decoder, model.codebook)]
    model.training_step(batch(progress=0.5))
    assert all(
        same(snapshot(part), kept)
        for part, kept in zip((model.encoder, model.decoder, model.codebook), frozen, strict=True)
    )
    assert not same(snapshot(model.prior), prior)


def test_until_the_prior_is_trained_a_code_costs_log_k():
    model = VQVAE(IMAGE, SMALL)
    losses = model.training_step(batch())
    assert float(losses["prior"]) == pytest.approx(math.log(16))
    parts = losses["reconstruction"] + 0.25 * losses["commitment"] + losses["prior"]
    assert float(losses["loss"]) == pytest.approx(float(parts))


def test_the_commitment_loss_moves_the_encoder_and_the_reconstruction_moves_it_through_the_codes():
    for commitment in (0.0, 1.0):
        torch.manual_seed(0)
        model = VQVAE(IMAGE, VQVAEConfig(**{**vars(SMALL), "commitment": commitment}))
        model.training_step(batch())
        gradients = [weight.grad.abs().sum() for weight in model.encoder.parameters()]
        assert all(float(gradient) > 0 for gradient in gradients)


def test_the_grid_has_a_quarter_of_the_images_side():
    assert [VQVAE(DataShape("image", (3, s, s)), SMALL).sides[-1] for s in (8, 16, 28, 32, 64)] == [4, 4, 7, 8, 16]


def test_reconstruction_passes_through_codes_alone():
    model = VQVAE(IMAGE, SMALL).eval()
    x = batch(n=4).data
    with torch.no_grad():
        assert torch.equal(model.reconstruct(x), model.decode(model.codes(x)))
        assert model.encode(x).shape == (4, 4 * 4 * 4)


def test_training_reconstructs_far_better_than_the_mean_image():
    torch.manual_seed(0)
    model = VQVAE(IMAGE, VQVAEConfig(**{**vars(SMALL), "lr": 3e-3}))
    for _ in range(150):
        losses = model.training_step(batch(n=64))
    assert float(losses["reconstruction"]) < 0.2


def test_the_bound_is_what_pixels_and_codes_cost():
    """With a uniform prior a code costs log K, and with exact reconstructions pixels cost their error's Gaussian."""
    model = VQVAE(IMAGE, SMALL).eval()
    x = batch(n=6).data
    model.decoded = lambda indices: x
    for weight in model.prior.logits[-1].parameters():
        torch.nn.init.zeros_(weight)
    model.error.fill_(0.25)
    spacing = 2 / 255
    variance = 0.25 + spacing**2 / 12
    pixels = 0.5 * (spacing**2 / 12 / variance / math.log(2) + math.log2(2 * math.pi * variance)) - math.log2(spacing)
    codes = 16 * math.log2(16) / 256
    with torch.no_grad():
        bits = model.bits_per_dim(x)
    assert bits.shape == (6,)
    assert float(bits.mean()) == pytest.approx(pixels + codes, abs=1e-4)


def test_the_error_of_the_likelihood_is_a_running_mean_of_the_squared_error():
    model, x = VQVAE(IMAGE, SMALL), batch(n=8)
    losses = model.training_step(x)
    squared = float(losses["reconstruction"] * x.data.var())
    assert float(model.error) == pytest.approx(0.99 + 0.01 * squared, rel=1e-4)
    model.training_step(batch(progress=0.9, n=8))
    assert float(model.error) == pytest.approx(0.99 + 0.01 * squared, rel=1e-4)


def test_the_prior_learns_classes_and_makes_those_that_are_asked_for():
    """Dark and bright images, of which the prior is told in its part of the budget: nothing else tells them apart."""
    torch.manual_seed(0)
    data = DataShape("image", (1, 8, 8), classes=2, train_count=100)
    model = VQVAE(data, VQVAEConfig(**{**vars(SMALL), "lr": 1e-2, "prior_lr": 1e-2, "conditional": True}))
    labels = torch.arange(32).remainder(2)
    for step in range(120):
        images = (labels * 1.2 - 0.6).view(-1, 1, 1, 1) + 0.1 * torch.randn(32, 1, 8, 8)
        model.training_step(Batch(images.clamp(-1, 1), labels, step, step / 120))
    model.eval()
    with torch.no_grad():
        dark, bright = (
            model.sample(20, labels=torch.full((20,), label), generator=torch.Generator().manual_seed(0)).mean()
            for label in (0, 1)
        )
        assert bright - dark > 0.8
        assert model.bits_per_dim(images[:4]).isfinite().all()


def test_classes_are_refused_where_there_are_none():
    with pytest.raises(ConfigError, match="at least two classes"):
        VQVAE(DataShape("image", (1, 16, 16), classes=1), VQVAEConfig(conditional=True))
