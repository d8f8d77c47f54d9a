"""What all flows promise: a way back, the right volume, bits that are what they are called, at every size."""

import math

import pytest
import torch

from flow_models import SPECS, batch_of, build, draw, exact_log_det, loud, shape
from genharness.errors import ConfigError
from genharness.kit import Batch
from genharness.kit.dequantise import GreyLevels
from genharness.spec.plugins import DataShape
from genharness_model_flow.base import Flow
from genharness_model_flow.configs import FlowConfig
from genharness_model_flow.invertible import Composed, FlowNorm, Logit, Shift, Squeeze

NAMES = sorted(SPECS)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pixels(n, data, dtype=torch.float64):
    return torch.rand(n, *data.shape, generator=generator(), dtype=dtype)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 16, 28, 30, 32, 64])
@pytest.mark.parametrize("name", NAMES)
def test_what_goes_forward_comes_back_at_every_size(name, size, channels):
    model = loud(build(name, shape(size, channels)), std=0.1).eval()
    y = pixels(2, model.data, torch.float32)
    with torch.no_grad():
        z, log_det = model.flow(y)
        assert z.shape == (2, model.dimensions)
        assert log_det.shape == (2,)
        assert torch.allclose(model.flow.inverse(z), y, atol=1e-5)
        model.double()
        z, _ = model.flow(y.double())
        assert torch.allclose(model.flow.inverse(z), y.double(), atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_what_goes_forward_comes_back_in_training_too(name):
    model = loud(build(name, shape(8, 3)), std=0.1).double().train()
    y = pixels(5, model.data)
    with torch.no_grad():
        z, _ = model.flow(y)
        assert torch.allclose(model.flow.inverse(z), y, atol=1e-10)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_the_log_determinant_is_that_of_the_jacobian(name, channels):
    model = loud(build(name, shape(4, channels), scales=1 if name == "glow" else 2)).double().eval()
    y = pixels(1, model.data)
    assert model.flow(y)[1].item() == pytest.approx(float(exact_log_det(model.flow, y)), abs=1e-6)


@pytest.mark.parametrize(
    "layer", [Logit(0.05), Logit(0.3), Shift(0.5), Squeeze(), FlowNorm(3), Composed([Logit(), FlowNorm(3), Squeeze()])]
)
def test_every_layer_by_itself_knows_its_volume_and_its_way_back(layer):
    layer = loud(layer).double().eval()
    y = pixels(1, shape(4, 3))
    z, log_det = layer(y)
    assert torch.allclose(layer.inverse(z), y, atol=1e-10)
    assert log_det.item() == pytest.approx(float(exact_log_det(layer, y)), abs=1e-8)


def test_squeezing_takes_a_block_of_pixels_apart_and_loses_none():
    x = torch.arange(2 * 4 * 6.0).reshape(1, 2, 4, 6)
    z, _ = Squeeze()(x)
    assert z.shape == (1, 8, 2, 3)
    assert z[0, :, 1, 2].tolist() == [x[0, c, 2 + i, 4 + j] for i in (0, 1) for j in (0, 1) for c in (0, 1)]


def test_the_logit_is_finite_and_invertible_at_both_ends():
    y = torch.tensor([[0.0, 1.0, 0.5]])
    z, log_det = Logit(0.05)(y)
    assert z.isfinite().all()
    assert log_det.isfinite().all()
    assert torch.allclose(Logit(0.05).inverse(z), y, atol=1e-6)


def test_statistics_of_the_flow_are_the_batchs_in_training_and_running_ones_else():
    norm, x = FlowNorm(2, momentum=0.1), 3 + 2 * torch.randn(500, 2, 4, 4, generator=generator())
    z, _ = norm.train()(x)
    assert torch.allclose(z.mean((0, 2, 3)), torch.zeros(2), atol=1e-4)
    assert torch.allclose(z.var((0, 2, 3)), torch.ones(2), atol=1e-2)
    assert torch.allclose(norm.mean, 0.1 * x.mean((0, 2, 3)), atol=1e-4)
    assert torch.allclose(norm.var, 0.9 + 0.1 * x.var((0, 2, 3)), rtol=1e-3)
    halves = torch.cat([norm.eval()(part)[0] for part in x.split(7)])
    assert torch.equal(halves, norm(x)[0])


class Bare(Flow):
    """A flow that changes nothing: p(y) is a standard normal density, or that of what is given."""

    def __init__(self, data, parts=()):
        super().__init__(data, FlowConfig())
        self.flow = Composed([*parts, Flat()])


class Flat(Composed):
    def __init__(self):
        super().__init__([])

    def forward(self, x):
        return x.flatten(1), x.new_zeros(len(x))

    def inverse(self, z):
        return z


def test_bits_of_the_identity_are_those_of_a_standard_normal_density():
    data = shape(4, 1)
    y = torch.rand(50, 1, 4, 4, generator=generator())
    expected = 8 + (0.5 * y**2 + 0.5 * math.log(2 * math.pi)).flatten(1).mean(1) / math.log(2)
    assert torch.allclose(Bare(data).bits(y), expected, atol=1e-5)


def test_bits_of_a_gaussian_are_its_entropy():
    """-E log N(y; m, s^2) = 1/2 log(2 pi e s^2), and 8 bits for the 256 levels of a unit."""
    m, s = 0.5, 0.1
    norm = FlowNorm(1, eps=0.0)
    norm.mean.fill_(m)
    norm.var.fill_(s**2)
    y = m + s * torch.randn(20_000, 1, 2, 2, generator=generator())
    expected = 8 + 0.5 * math.log2(2 * math.pi * math.e * s**2)
    assert float(Bare(shape(2), [norm]).eval().bits(y).mean()) == pytest.approx(expected, abs=0.01)


def test_bits_count_the_levels_that_the_data_has():
    y = torch.rand(9, 1, 4, 4, generator=generator())
    difference = Bare(shape(4, 1)).bits(y) - Bare(shape(4, 1, levels=17)).bits(y)
    assert torch.allclose(difference, torch.tensor(8 - math.log2(17)), atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_explains_uniform_noise_in_less_than_8_bits(name):
    """No model can, so a wrong log-determinant, or 8 bits counted twice, shows at once."""
    model, source = build(name, shape(8)), generator()
    for step in range(40):
        levels = torch.randint(0, 256, (64, 1, 8, 8), generator=source)
        model.training_step(Batch(GreyLevels().images(levels), None, step, step / 40))
    fresh = torch.randint(0, 256, (200, 1, 8, 8), generator=generator(1))
    bits = model.eval().bits_per_dim(GreyLevels().images(fresh)).mean()
    assert 8 - 0.02 <= bits.item() < 9


@pytest.mark.parametrize("name", NAMES)
def test_bits_do_not_depend_on_who_stands_beside_a_sample(name):
    model = loud(build(name, shape(8)), std=0.1).eval()
    y = pixels(9, model.data, torch.float32)
    with torch.no_grad():
        together, alone = model.bits(y), torch.cat([model.bits(part) for part in y.split(2)])
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_images_of_the_levels_of_the_data(name):
    model = loud(build(name, shape(8, 1, levels=17)), std=0.1)
    samples = draw(model, 20)
    assert samples.shape == (20, 1, 8, 8)
    levels = (samples + 1) * 8
    assert torch.allclose(levels, levels.round(), atol=1e-5)
    assert samples.std() > 0


@pytest.mark.parametrize("name", NAMES)
def test_temperature_is_the_deviation_of_the_noise_that_samples_are_made_of(name):
    from genharness_model_flow.base import random_normal

    model = loud(build(name, temperature=0.7), std=0.1).eval()
    z = 0.7 * random_normal(4, model.dimensions, generator=generator(5))
    with torch.no_grad():
        expected = model.levels.quantise(model.flow.inverse(z))
    assert torch.equal(draw(model, 4, seed=5), expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_computes_in_float32_under_autocast(name):
    weights = []
    for enabled in (False, True):
        model = build(name)
        torch.manual_seed(3)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            model.training_step(batch_of(model.data))
        weights.append(torch.cat([weight.detach().flatten() for weight in model.parameters()]))
    assert torch.equal(*weights)


@pytest.mark.parametrize("name", NAMES)
def test_data_is_dequantised_anew_at_every_step(name):
    model = build(name)
    seen = []
    forward = model.flow.forward
    model.flow.forward = lambda y: seen.append(y) or forward(y)
    for step in range(2):
        torch.manual_seed(step)
        model.training_step(Batch(torch.zeros(4, 1, 8, 8), None, step + 1, 0.0))
    assert not torch.equal(seen[0], seen[1])
    assert all(((y - 128 / 256).abs() <= 1 / 256).all() for y in seen)


@pytest.mark.parametrize("name", NAMES)
def test_images_of_odd_sides_are_refused_in_one_line(name):
    with pytest.raises(ConfigError, match="ask for another size, such as NAME@24"):
        build(name, shape(31))


@pytest.mark.parametrize("name", NAMES)
def test_images_need_not_be_square_nor_labelled(name):
    model = build(name, DataShape("image", (1, 8, 12)))
    assert math.isfinite(float(model.training_step(batch_of(model.data))["loss"]))
    assert draw(model, 2).shape == (2, 1, 8, 12)
