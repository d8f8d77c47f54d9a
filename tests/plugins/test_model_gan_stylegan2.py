"""StyleGAN2: equalised layers, modulation, lazy R1, minibatch deviation, truncation, and its published sizes."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gan_models import batch_of, build, create, draw, parameters_of, shape, train
from genharness.spec.options import options_of
from genharness.spec.plugins import DataShape
from genharness_model_gan.stylegan import layers, networks, stylegan2
from genharness_model_gan.stylegan.configs import StyleGAN2Config

SMALL = {"width": 8, "latent": 6, "style": 5}


def small(data=None, **options):
    return build("stylegan2", data or shape(), **SMALL | options)


@pytest.mark.parametrize(
    ("side", "options", "counts"),
    [
        (32, {}, (19_947_532, 20_720_641)),  # the paper's 20M and 20.7M
        (32, {"width": 256}, (6_107_660, 5_182_977)),
        (64, {"mapping": 8, "residual": False}, (23_819_535, 22_489_857)),
        (64, {"mapping": 8}, (23_819_535, 22_489_857 + 256 * 512 + 3 * 512 * 512)),  # 1x1 residual paths
    ],
)
def test_it_has_the_published_sizes(side, options, counts):
    with torch.device("meta"):
        model = create("stylegan2", DataShape("image", (3, side, side)), **options)
    assert (parameters_of(model.G), parameters_of(model.D)) == counts


@pytest.mark.parametrize("width", [16, 64, 512])
@pytest.mark.parametrize("rate", [1.0, 0.01])
def test_an_equalised_layer_keeps_the_variance_at_every_width(width, rate):
    torch.manual_seed(0)
    linear = layers.EqualLinear(width, 256, rate=rate)
    assert float(linear(torch.randn(512, width)).detach().var()) == pytest.approx(1, rel=0.1)
    torch.testing.assert_close(linear.effective_weight, linear.weight * rate / math.sqrt(width))
    conv = layers.EqualConv(width, 64, 3)
    y = conv(torch.randn(16, width, 6, 6)).detach()[..., 1:-1, 1:-1]
    assert float(y.var()) == pytest.approx(1, rel=0.15)


def by_hand(conv, x, w, index):
    """Return the output of one sample, convolved with weights of its own (equations 1 and 3)."""
    style = conv.affine(w[index : index + 1])[0]
    weight = conv.conv.effective_weight * style[None, :, None, None]
    if conv.demodulate:
        weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
    if not conv.up:
        return F.conv2d(x[index : index + 1], weight, padding=weight.shape[2] // 2)
    y = F.conv_transpose2d(x[index : index + 1], weight.transpose(0, 1), stride=2)
    return networks.blur(y, (1, 1), gain=4)


@pytest.mark.parametrize("up", [False, True])
@pytest.mark.parametrize("demodulate", [False, True])
def test_every_sample_is_convolved_with_weights_of_its_own(up, demodulate):
    torch.manual_seed(0)
    conv = networks.ModulatedConv(4, 3, 3, 5, up=up, demodulate=demodulate).double()
    x, w = torch.randn(3, 4, 6, 6).double(), torch.randn(3, 5).double()
    y = conv(x, w, 12 if up else 6)
    expected = torch.cat([by_hand(conv, x, w, index) for index in range(3)])
    torch.testing.assert_close(y, expected, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(y[:1], conv(x[:1], w[1:2], y.shape[2]))


def test_demodulated_outputs_have_unit_variance_whatever_the_style():
    torch.manual_seed(0)
    conv = networks.ModulatedConv(64, 128, 3, 16)
    y = conv(torch.randn(32, 64, 8, 8), 3 * torch.randn(32, 16), 8).detach()[..., 1:-1, 1:-1]
    assert float(y.var()) == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("side", [4, 7, 8])
def test_doubling_and_halving_keep_constants_inside_and_give_the_sides_asked_for(side):
    x = torch.full((1, 2, side, side), 0.7)
    up, down = networks.doubled(x, 2 * side - 1), networks.halved(x)
    assert up.shape[2:] == (2 * side - 1, 2 * side - 1)
    assert down.shape[2] == math.ceil(side / 2)
    torch.testing.assert_close(up[..., 2:-2, 2:-2], torch.full_like(up[..., 2:-2, 2:-2], 0.7))
    torch.testing.assert_close(down[..., 1:-1, 1:-1], torch.full_like(down[..., 1:-1, 1:-1], 0.7))


def test_minibatch_deviation_of_equal_samples_is_the_root_of_epsilon():
    x = torch.randn(1, 3, 4, 4).expand(8, -1, -1, -1)
    y = layers.minibatch_deviation(x, 4)
    torch.testing.assert_close(y[:, :3], x)
    torch.testing.assert_close(y[:, 3], torch.full((8, 4, 4), 1e-4))


def test_minibatch_deviation_knows_no_order_within_a_group_and_no_other_group():
    x = torch.randn(8, 3, 4, 4)
    channel = layers.minibatch_deviation(x, 4)[:, 3, 0, 0]
    order = torch.tensor([4, 1, 2, 7, 6, 5, 0, 3])  # samples of even and of odd index are the two groups
    torch.testing.assert_close(layers.minibatch_deviation(x[order], 4)[:, 3, 0, 0], channel[order])
    for group in (x[::2], x[1::2]):
        brute = (group.var(0, correction=0) + 1e-8).sqrt().mean()
        assert any(torch.isclose(brute, value) for value in channel[:2])
    changed = x.clone()
    changed[1] += 1
    torch.testing.assert_close(layers.minibatch_deviation(changed, 4)[::2, 3], layers.minibatch_deviation(x, 4)[::2, 3])


@pytest.mark.parametrize(("n", "group", "size"), [(6, 4, 2), (5, 4, 1), (4, 32, 4)])
def test_a_batch_that_groups_do_not_divide_has_smaller_ones(n, group, size):
    x = torch.randn(n, 2, 3, 3)
    torch.testing.assert_close(layers.minibatch_deviation(x, group), layers.minibatch_deviation(x, size))


def test_the_penalty_of_a_linear_critic_is_its_squared_weight():
    critic = nn.Sequential(nn.Flatten(), nn.Linear(12, 1))
    x = torch.randn(5, 3, 2, 2)
    torch.testing.assert_close(stylegan2.squared_gradient(critic, x), critic[1].weight.square().sum())


def test_a_rare_penalty_pulls_as_much_in_all_as_a_constant_one(monkeypatch):
    batch, pulls = batch_of(shape(), n=4), {1: [], 4: []}
    for every, losses in pulls.items():
        model = small(r1_every=every, r1_gamma=2.0)
        monkeypatch.setattr(stylegan2, "minimise", lambda _, loss, losses=losses: losses.append(loss.detach()))
        for step in range(8):
            model.training_step(dataclasses.replace(batch, step=step))
        losses[:] = losses[1::3] if every == 1 else [losses[1], losses[10]]  # between those of D and of G
    expected = stylegan2.squared_gradient(model.D, batch.data)  # gamma / 2 is 1
    torch.testing.assert_close(sum(pulls[1]), 8 * expected)
    torch.testing.assert_close(sum(pulls[4]), sum(pulls[1]))


def test_the_penalty_is_due_in_one_step_of_so_many(monkeypatch):
    model, due = small(r1_every=3), []
    monkeypatch.setattr(type(model), "penalise", lambda self, x, *y: due.append(len(x)))
    train(model, 7)
    assert len(due) == 3


def test_adam_of_the_discriminator_makes_room_for_the_steps_of_the_penalty():
    model = small(r1_every=16)
    train(model, 1)
    group = model.optimiser_d.param_groups[0]
    assert group["lr"] == pytest.approx(2.5e-3 * 16 / 17)
    assert group["betas"] == pytest.approx((0.0, 0.99 ** (16 / 17)))
    assert model.optimiser_g.param_groups[0]["betas"] == (0.0, 0.99)


def test_truncation_moves_styles_towards_their_mean():
    model = small()
    train(model, 5)
    model.eval()
    z = torch.randn(4, 6)
    w = model.G.mapping(z)
    assert model.G.mapping.mean.abs().max() > 0
    half = model.G.synthesis(torch.lerp(model.G.mapping.mean, w, 0.5))
    torch.testing.assert_close(model.G(z, truncation=0.5), half)
    torch.testing.assert_close(model.G(z, truncation=1.0), model.G.synthesis(w))
    none = small(truncation=0.0)
    none.load_state_dict(model.state_dict())
    images = draw(none)
    torch.testing.assert_close(images, images[:1].expand_as(images))


def test_only_truncation_belongs_to_sampling():
    assert [item.name for item in options_of(StyleGAN2Config) if item.stage == "sample"] == ["truncation"]
    assert StyleGAN2Config().truncation == 1  # any other spoils scores


@pytest.mark.parametrize(
    ("side", "sides"), [(28, (7, 14, 28)), (32, (4, 8, 16, 32)), (30, (4, 8, 15, 30)), (8, (4, 8))]
)
def test_the_generator_starts_where_the_halvings_end(side, sides):
    model = small(shape(side))
    assert model.G.sides == sides
    assert model.G(torch.randn(2, 6)).shape == (2, 1, side, side)
    assert model.D(torch.zeros(2, 1, side, side)).shape == (2, 1)


def test_styles_are_of_the_direction_of_the_noise_alone():
    mapping = networks.Mapping(6, 5, 2).eval()
    z = torch.randn(3, 6)
    torch.testing.assert_close(mapping(z), mapping(10 * z))
