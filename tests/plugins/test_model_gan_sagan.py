"""SAGAN: attention, and spectral norms of both players."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gan_models import build, create, parameters_of, shape, train
from genharness.spec.plugins import DataShape
from genharness_model_gan.attention import SelfAttention


@pytest.fixture
def attention():
    torch.manual_seed(0)
    return SelfAttention(16).double()


def test_with_a_gain_of_zero_attention_is_the_identity(attention):
    x = torch.randn(2, 16, 5, 5, dtype=torch.float64)
    assert torch.equal(attention(x), x)
    attention.gamma.data.fill_(0.5)
    assert not torch.allclose(attention(x), x)


def test_every_place_divides_all_of_its_attention(attention):
    shares = attention.shares(torch.randn(2, 16, 4, 4, dtype=torch.float64))
    assert shares.shape == (2, 16, 16)
    assert shares.min() > 0
    torch.testing.assert_close(shares.sum(2), torch.ones(2, 16))


def test_attention_is_the_sum_that_the_paper_writes(attention):
    attention.gamma.data.fill_(0.7)
    x = torch.randn(1, 16, 3, 3, dtype=torch.float64)
    places = x[0].flatten(1).T  # (9, 16)
    f, g, h, v = (getattr(attention, name).weight[:, :, 0, 0] for name in "fghv")
    expected = places.clone()
    for j in range(9):
        scores = torch.stack([(f @ places[i]) @ (g @ places[j]) for i in range(9)])
        beta = scores.exp() / scores.exp().sum()
        expected[j] += 0.7 * v @ sum(beta[i] * (h @ places[i]) for i in range(9))
    torch.testing.assert_close(attention(x)[0].flatten(1).T, expected, rtol=1e-5, atol=1e-6)


def test_sagan_has_the_published_sizes_on_cifar10():
    model = create("sagan", DataShape("image", (3, 32, 32)))
    assert [parameters_of(net) for net in (model.G, model.D)] == [4_358_660, 1_074_306]  # 4.359M and 1.074M


@pytest.mark.parametrize(("size", "sides"), [(8, "8"), (16, "16"), (28, "14"), (30, "15"), (32, "16"), (64, "16")])
def test_the_largest_side_of_sixteen_pixels_at_most_attends(size, sides):
    model = build("sagan", shape(size))
    assert list(model.G.attention) == [sides]
    seen = []
    for part in (*model.G.attention.values(), *(block for block in model.D.blocks if isinstance(block, SelfAttention))):
        part.register_forward_hook(lambda _part, inputs, _output: seen.append(inputs[0].shape[2]))
    model.D(model.G(torch.randn(2, 6)))
    assert len(seen) == 2
    assert max(seen) <= 16


def test_no_attention_where_none_is_wanted():
    assert not any(isinstance(part, SelfAttention) for part in build("sagan", shape(), attention=0).modules())


def test_every_layer_of_both_players_keeps_a_spectral_norm_of_one():
    model = build("sagan", shape(16), width=8, generator_width=8, lr=1e-3)
    train(model, 20)
    for network in (model.G, model.D):
        layers = [part for part in network.modules() if isinstance(part, (nn.Conv2d, nn.Linear))]
        for layer in layers:
            for _ in range(200):  # the estimate follows the weights; let it arrive where it is
                layer.weight  # noqa: B018 -- every look in training mode is a step of the power iteration
            assert torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2) <= 1 + 1e-3


def test_the_discriminator_learns_at_a_rate_of_its_own():
    model = create("sagan", shape(), width=4, generator_width=4)
    train(model, 1)
    rates = [player.param_groups[0]["lr"] for player in (model.optimiser_g, model.optimiser_d)]
    assert rates == pytest.approx([1e-4, 4e-4])
