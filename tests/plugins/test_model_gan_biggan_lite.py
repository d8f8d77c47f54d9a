"""BigGAN-lite: its published sizes, noise and classes at every block, spectral norm."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gan_models import build, create, draw, parameters_of, shape, train
from genharness.spec.plugins import DataShape
from genharness_model_gan.biggan_lite import VectorBatchNorm2d


def test_it_has_the_published_sizes_on_cifar10():
    with torch.device("meta"):
        model = create("biggan-lite", DataShape("image", (3, 32, 32), classes=10))
    assert (parameters_of(model.G), parameters_of(model.D)) == (4_369_156, 4_289_282)  # 4.37M and 4.29M
    assert model.latent == 4 * 20


@pytest.mark.parametrize(("size", "parts"), [(8, 2), (28, 3), (32, 4)])
def test_every_block_has_a_part_of_the_noise(size, parts):
    model = build("biggan-lite", shape(size)).eval()
    assert model.latent == 6 * parts
    z, y = torch.randn(2, model.latent), torch.tensor([0, 1])
    images = model.G(z, y)
    for part in range(parts):
        other = z.clone()
        other[:, 6 * part : 6 * part + 6] += 1
        assert not torch.allclose(model.G(other, y), images)


def test_gain_and_bias_of_a_norm_are_linear_in_the_vector():
    norm = VectorBatchNorm2d(3, length=5).eval()
    h, vector = torch.randn(2, 3, 4, 4), torch.randn(2, 5)
    gain, bias = 1 + vector @ norm.gain.weight.T, vector @ norm.bias.weight.T
    expected = h / (1 + 1e-5) ** 0.5 * gain[:, :, None, None] + bias[:, :, None, None]
    torch.testing.assert_close(norm(h, vector), expected)


def test_classes_differ_and_share_one_vector_for_all_blocks():
    model = build("biggan-lite", shape())
    assert not torch.allclose(
        draw(model, labels=torch.zeros(6, dtype=torch.int64)), draw(model, labels=torch.ones(6, dtype=torch.int64))
    )
    embeddings = [part for part in model.G.modules() if isinstance(part, nn.Embedding)]
    assert len(embeddings) == 1


def test_power_iteration_reaches_both_players_and_the_vectors_of_classes_in_the_critic():
    model = build("biggan-lite", shape(16))
    train(model, 4)
    for network in (model.G, model.D):
        for name, part in network.named_modules():
            if isinstance(part, (nn.Conv2d, nn.Linear)):
                assert hasattr(part, "parametrizations"), name
    assert hasattr(model.D.head.embed, "parametrizations")


def test_first_weights_are_orthogonal():
    model = build("biggan-lite", shape(16), generator_width=8)
    weight = model.G.project.parametrizations.weight.original.detach()
    torch.testing.assert_close(weight.T @ weight, torch.eye(6), rtol=1e-4, atol=1e-5)
