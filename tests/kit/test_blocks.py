"""Shared blocks: what goes down comes up again, at any size."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from genharness.errors import ConfigError
from genharness.kit import blocks
from genharness.spec.plugins import DataShape


@pytest.mark.parametrize(
    ("size", "sides"),
    [(8, (8, 4)), (16, (16, 8, 4)), (28, (28, 14, 7)), (30, (30, 15, 8, 4)), (64, (64, 32, 16, 8, 4)), (5, (5,))],
)
def test_halvings_end_between_four_and_seven_pixels(size, sides):
    assert blocks.halvings(size) == sides


def test_halvings_refuse_a_side_below_one():
    with pytest.raises(ValueError, match="got 0"):
        blocks.halvings(0)


@pytest.mark.parametrize("side", [8, 15, 28, 29])
def test_up_conv_undoes_the_shape_of_down_conv_at_even_and_odd_sides(side):
    x = torch.zeros(2, 3, side, side)
    small = blocks.down_conv(3, 5, side)(x)
    assert small.shape == (2, 5, (side + 1) // 2, (side + 1) // 2)
    assert blocks.up_conv(5, 3, side)(small).shape == x.shape


def test_image_side_refuses_rectangles():
    assert blocks.image_side(DataShape("image", (1, 28, 28))) == 28
    with pytest.raises(ConfigError, match="28x32"):
        blocks.image_side(DataShape("image", (1, 28, 32)))


def test_mlp_ends_without_an_activation():
    layers = list(blocks.mlp([4, 8, 2], nn.Tanh))
    assert [type(layer) for layer in layers] == [nn.Linear, nn.Tanh, nn.Linear]


def test_mlp_refuses_a_single_width():
    with pytest.raises(ValueError, match=r"\[4\]"):
        blocks.mlp([4])


def test_init_normal_draws_weights_of_the_given_spread_and_zeroes_biases():
    net = nn.Sequential(nn.Linear(200, 200), nn.BatchNorm1d(2000))
    blocks.init_normal(net, 0.02)
    assert net[0].weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert net[1].weight.mean().item() == pytest.approx(1.0, abs=0.005)
    assert not net[0].bias.any()


def test_init_he_keeps_the_size_of_signals_through_leaky_relus():
    torch.manual_seed(0)
    net = blocks.mlp([512] * 6, lambda: nn.LeakyReLU(0.2))
    blocks.init_he(net, slope=0.2)
    x = torch.randn(256, 512)
    assert net[:-1](x).square().mean().item() == pytest.approx(1.0, rel=0.3)


def test_a_frozen_module_passes_gradients_through_and_keeps_none():
    critic, x = nn.Linear(3, 1), torch.ones(2, 3, requires_grad=True)
    with blocks.frozen(critic):
        critic(x).sum().backward()
    assert critic.weight.grad is None
    assert torch.equal(x.grad, critic.weight.expand(2, 3))
    assert critic.weight.requires_grad


def test_frozen_leaves_parameters_alone_that_were_frozen_before():
    critic = nn.Linear(3, 1).requires_grad_(False)
    with blocks.frozen(critic):
        pass
    assert not critic.weight.requires_grad


def test_slerp_keeps_the_norm_and_meets_both_ends():
    generator = torch.Generator().manual_seed(0)
    a, b = nn.functional.normalize(torch.randn(2, 5, 16, generator=generator), dim=2)
    for t in (0.0, 0.3, 1.0):
        point = blocks.slerp(a, b, torch.full((5, 1), t))
        torch.testing.assert_close(point.norm(dim=1), torch.ones(5))
    torch.testing.assert_close(blocks.slerp(a, b, torch.zeros(5, 1)), a)
    torch.testing.assert_close(blocks.slerp(a, b, torch.ones(5, 1)), b)


def test_latent_paths_depend_on_their_generator_alone():
    first, second = (blocks.latent_paths(3, 4, 8, generator=torch.Generator().manual_seed(1)) for _ in range(2))
    assert first.shape == (12, 8)
    assert torch.equal(first, second)
    assert not torch.equal(first[0], first[3])
    assert not torch.equal(first[0], first[4])
