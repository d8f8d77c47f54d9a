"""glow: its three layers, how they begin, and the paper's sizes."""

import math

import pytest
import torch

from flow_models import SPECS, batch_of, build, exact_log_det, loud, shape
from genharness.kit import Batch
from genharness.spec.options import build_config
from genharness_model_flow.glow import ActNorm, GaussianSplit, InvertibleConv, SigmoidCoupling


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n, c, side=4, dtype=torch.float64):
    return torch.randn(n, c, side, side, generator=generator(), dtype=dtype)


@pytest.mark.parametrize(
    ("size", "channels", "options", "expected"),
    [
        (32, 3, {"depth": 32, "width": 512}, 44.05),
        (32, 3, {"depth": 16, "width": 256}, 7.90),
        (28, 1, {"depth": 16, "width": 256}, 2.80),
        (64, 3, {"depth": 48, "width": 512}, 111.08),
        (8, 1, {"depth": 8, "width": 64}, 0.06),
    ],
)
def test_parameters_are_as_many_as_in_the_published_configuration(size, channels, options, expected):
    with torch.device("meta"):
        model = build("glow", shape(size, channels), **options)
    assert round(sum(weight.numel() for weight in model.parameters()) / 1e6, 2) == expected


def test_the_papers_recipe_is_the_papers_network():
    config = build_config("glow", SPECS["glow"].config, SPECS["glow"].recipes["paper"].options)
    assert (config.depth, config.width, config.scales, config.lr) == (32, 512, None, 1e-3)


@pytest.mark.parametrize(("size", "levels"), [(8, 1), (16, 2), (28, 2), (30, 1), (32, 3), (64, 4)])
def test_levels_lead_to_four_pixels_or_as_far_as_halving_goes(size, levels):
    with torch.device("meta"):
        model = build("glow", shape(size))
    assert len(model.flow.parts[1].scales) == levels


@pytest.mark.parametrize(
    "layer",
    [ActNorm(4), InvertibleConv(4), SigmoidCoupling(4, 6), SigmoidCoupling(4, 6, least_scale=0.3)],
    ids=lambda one: type(one).__name__,
)
def test_every_layer_by_itself_knows_its_volume_and_its_way_back(layer):
    layer = loud(layer).double().eval()
    x = images(1, 4)
    z, log_det = layer(x)
    assert torch.allclose(layer.inverse(z), x, atol=1e-10)
    assert log_det.item() == pytest.approx(float(exact_log_det(layer, x)), abs=1e-8)


def test_what_leaves_is_standardised_by_what_stays():
    split = loud(GaussianSplit(2)).double()
    leaving, staying = images(2, 4).chunk(2, dim=1)
    z, log_det = split(leaving, staying)
    assert torch.allclose(split.inverse(z, staying), leaving, atol=1e-10)
    mean, log_sigma = split.network(staying).chunk(2, dim=1)
    normal = torch.distributions.Normal(mean, log_sigma.exp())
    standard = torch.distributions.Normal(torch.zeros_like(z), 1.0)
    expected = (normal.log_prob(leaving) - standard.log_prob(z)).flatten(1).sum(1)
    assert torch.allclose(log_det, expected)


@pytest.mark.parametrize("channels", [1, 4, 12, 48])
def test_a_convolution_begins_as_a_random_rotation(channels):
    torch.manual_seed(0)
    conv = InvertibleConv(channels)
    W = conv.weight().detach()
    torch.manual_seed(0)
    drawn = torch.linalg.qr(torch.randn(channels, channels, dtype=torch.float64))[0]
    assert torch.allclose(W, drawn.float(), atol=1e-5)
    assert torch.allclose(W @ W.T, torch.eye(channels), atol=1e-5)
    assert conv.packed.diagonal().sum().item() == pytest.approx(0, abs=1e-4)


def test_the_determinant_is_the_product_of_the_diagonal_wherever_training_leads():
    torch.manual_seed(0)
    conv = InvertibleConv(6).double()
    with torch.no_grad():
        conv.packed += 0.5 * torch.randn(6, 6, generator=generator(), dtype=torch.float64)
    expected = torch.linalg.slogdet(conv.weight()).logabsdet
    _, log_det = conv(images(2, 6, side=3))
    assert torch.allclose(log_det, 9 * expected.expand(2), atol=1e-6)
    assert not torch.isclose(expected, torch.zeros((), dtype=torch.float64), atol=1e-2)


def test_a_convolution_keeps_its_permutation_and_signs_in_a_checkpoint():
    torch.manual_seed(0)
    one, two = InvertibleConv(6), InvertibleConv(6)
    assert not torch.allclose(one.weight(), two.weight())
    two.load_state_dict(one.state_dict())
    assert torch.equal(one.weight(), two.weight())


def test_act_norm_begins_with_the_first_batch_and_never_again():
    model = build("glow", shape(8, 3), lr=1e-12)
    norms = [part for part in model.flow.modules() if isinstance(part, ActNorm)]
    model.training_step(Batch(images(64, 3, 8, torch.float32).tanh(), None, 0, 0.0))
    begun = [norm.bias.detach().clone() for norm in norms]
    assert any(float(bias.abs().max()) > 0.01 for bias in begun)
    model.training_step(Batch(3 * images(64, 3, 8, torch.float32).tanh(), None, 1, 0.5))
    assert all(torch.allclose(norm.bias, bias, atol=1e-6) for norm, bias in zip(norms, begun, strict=True))


def test_the_first_batch_comes_out_of_every_act_norm_with_mean_0_and_variance_1():
    model = build("glow", shape(8))
    seen = []
    for part in model.flow.modules():
        if isinstance(part, ActNorm):
            part.register_forward_hook(lambda _, __, out: seen.append(out[0] if isinstance(out, tuple) else out))
    model.begin(torch.rand(64, 1, 8, 8, generator=generator()))
    assert len(seen) == 6
    for out in seen:
        assert torch.allclose(out.mean((0, 2, 3)), torch.zeros(out.shape[1]), atol=1e-4)
        assert torch.allclose(out.var((0, 2, 3)), torch.ones(out.shape[1]), atol=0.02)


def test_a_new_coupling_scales_by_the_sigmoid_of_two():
    x = images(3, 4, dtype=torch.float32)
    z, log_det = SigmoidCoupling(4, 8)(x)
    assert torch.allclose(z[:, 2:], x[:, 2:] / (1 + math.exp(-2)), atol=1e-6)
    assert torch.allclose(log_det, torch.full((3,), -32 * math.log1p(math.exp(-2))), atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize(("least", "widened"), [(0.0, math.exp(18)), (0.25, 4.0)])
def test_a_least_scale_bounds_the_way_back_whatever_the_network_says(least, widened):
    coupling = SigmoidCoupling(4, 8, least)
    coupling.network[-1].conv.bias[2:] = -20.0  # raw of both channels that move
    z = images(3, 4, dtype=torch.float32)
    x = coupling.inverse(z)
    assert torch.allclose(x[:, 2:] / z[:, 2:], torch.tensor(widened))
    assert torch.equal(x[:, :2], z[:, :2])


def test_pixels_are_centred_and_have_no_logit():
    model = build("glow")
    z, log_det = model.flow.parts[0](torch.tensor([[0.0, 1.0]]))
    assert z.tolist() == [[-0.5, 0.5]]
    assert log_det.item() == 0


def test_a_step_moves_every_parameter_that_has_a_gradient():
    model = build("glow")
    before = [weight.detach().clone() for weight in model.parameters()]
    for step in range(3):
        model.training_step(batch_of(model.data, step, n=16))
    still = [torch.equal(weight, old) for weight, old in zip(model.parameters(), before, strict=True)]
    assert not any(still)
