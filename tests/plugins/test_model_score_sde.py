"""score-sde: three equations as three paces of noise, the score's loss, predictor and corrector, likelihoods."""

import math

import pytest
import torch

from diffusion_models import Answer, batch_of, build, draw, shape
from genharness.kit import Batch
from genharness_model_diffusion.sde import SDE

KINDS = ["ve", "vp", "sub-vp"]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def integrated(kind, until):
    """Return mean and variance of z(t) from x_0 = 1 by the moments' own equations (paper, table in appendix B)."""
    sde, mean, var, steps = SDE(kind), 1.0, 0.0, 2000
    for step in range(steps):
        t = (step + 0.5) / steps * until
        dt = until / steps
        if kind == "ve":
            var += (sde.low * (sde.high / sde.low) ** t) ** 2 * 2 * math.log(sde.high / sde.low) * dt
            continue
        beta = sde.beta_min + (sde.beta_max - sde.beta_min) * t
        B = sde.beta_min * t + (sde.beta_max - sde.beta_min) * t**2 / 2
        diffusion = beta if kind == "vp" else beta * (1 - math.exp(-2 * B))
        mean *= math.exp(-beta / 2 * dt)
        var = diffusion / beta + (var - diffusion / beta) * math.exp(-beta * dt)
    return mean, var + (sde.low**2 if kind == "ve" else 0)


@pytest.mark.parametrize("until", [0.3, 1.0])
@pytest.mark.parametrize("kind", KINDS)
def test_noise_grows_as_the_stochastic_equation_says(kind, until):
    mean, var = integrated(kind, until)
    sde = SDE(kind)
    sigma = sde.sigma(torch.tensor(until, dtype=torch.float64))
    assert float(sde.scale(sigma)) == pytest.approx(mean, rel=2e-3)
    assert float(sde.scale(sigma) * sigma) == pytest.approx(math.sqrt(var), rel=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_time_of_a_level_is_the_one_at_which_it_is_reached(kind):
    t = torch.linspace(1e-3, 1, 50, dtype=torch.float64)
    sde = SDE(kind)
    assert torch.allclose(sde.time(sde.sigma(t)), t, atol=1e-9)
    assert torch.allclose(sde.time(sde.sigma(t.float())), t.float(), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_levels_fall_from_the_last_time_to_the_first_and_end_at_0(kind):
    levels = SDE(kind).levels(7)
    assert len(levels) == 8
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == 0
    last = {"ve": 50.0, "vp": math.sqrt(math.expm1(10.05)), "sub-vp": math.expm1(10.05) * math.exp(-10.05 / 2)}
    assert levels[0] == pytest.approx(last[kind], rel=1e-6)


def test_variance_is_kept_by_vp_alone():
    sigma = torch.tensor([0.1, 1.0, 30.0], dtype=torch.float64)
    for kind, kept in (("vp", True), ("ve", False), ("sub-vp", False)):
        a = SDE(kind).scale(sigma)
        assert torch.allclose(a**2 * (1 + sigma**2), torch.ones_like(a)) == kept
    a = SDE("sub-vp").scale(sigma)
    assert torch.allclose(a * sigma, 1 - a**2)


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_of_a_network_that_says_nothing_is_1(kind):
    torch.manual_seed(0)
    model = build("score-sde", sde=kind, lr=1e-9)
    losses = [model.training_step(batch_of(shape(), step, n=64))["loss"] for step in range(3)]
    assert float(sum(losses) / 3) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_sees_what_the_equation_made_and_its_time(kind):
    """z = a (y + sigma eps), and the target is eps: a network that knows y says it exactly, and loses nothing."""
    model, y = build("score-sde", sde=kind), torch.zeros(400, 1, 8, 8)
    seen = []

    def knows(z, position):
        t = position / 1000
        seen.append(t)
        sigma = model.sde.sigma(t.double())
        return (z / (model.sde.scale(sigma) * sigma)[:, None, None, None]).float() + 0 * model.network_weight

    model.network_weight = torch.nn.Parameter(torch.zeros(()))
    model.network = Answer(knows)
    model.optimiser = torch.optim.SGD([model.network_weight], 0.0)
    assert float(model.training_step(Batch(y, None, 0, 0.0))["loss"]) == pytest.approx(0, abs=1e-4)
    (t,) = seen
    assert float(t.mean()) == pytest.approx(0.5, abs=0.05)
    assert 0 < float(t.min()) < 0.02 < 0.98 < float(t.max()) <= 1.001


def knowing(s=0.25, data=None, **options):
    """Return a model whose network knows N(0, s^2): F = (x - D) / sigma with D = s^2 / (s^2 + sigma^2) x."""
    model = build("score-sde", data, **options)

    def noise(z, position):
        sigma = model.sde.sigma(position[:, None, None, None].double() / 1000)
        x = z / model.sde.scale(sigma)
        return (sigma / (s**2 + sigma**2) * x).float()

    model.network = Answer(noise)
    return model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options",
    [
        {"sampler": "pc", "steps": 250, "corrections": 0},
        {"sampler": "pc", "steps": 250, "snr": 0.05},
        {"sampler": "heun", "steps": 40},
        {"sampler": "dpmpp-2m", "steps": 40, "spacing": "karras"},
    ],
    ids=str,
)
def test_a_network_that_knows_draws_the_variance_of_the_data(kind, options):
    samples = draw(knowing(sde=kind, **options), 250)
    assert float(samples.std()) == pytest.approx(0.25, rel=0.03)


def test_clipping_keeps_errors_at_high_noise_out_of_the_images():
    off = {}
    for clip in (False, True):
        model = knowing(sde="vp", sampler="dpmpp-2m", steps=40, spacing="karras", clip_x0=clip)
        knows = model.network.function
        model.network = Answer(lambda z, position, knows=knows: knows(z, position) - 0.3 * float(position[0] > 500))
        off[clip] = float(draw(model, 100).mean())  # of data whose mean is 0
    assert off[False] > 0.2
    assert abs(off[True]) < off[False] / 3


@pytest.mark.parametrize(
    ("options", "evaluations"),
    [
        ({"sampler": "pc", "steps": 10}, 10 + 9),
        ({"sampler": "pc", "steps": 10, "corrections": 3}, 10 + 27),
        ({"sampler": "heun", "steps": 10}, 19),
        ({"sampler": "dpmpp-2m", "steps": 10}, 10),
    ],
    ids=str,
)
def test_evaluations_are_counted_as_they_are_made(options, evaluations):
    model = knowing(**options)
    draw(model, 2)
    assert model.network.calls == evaluations


def bits_of_gaussian_pixels(s, levels=256):
    return 0.5 * math.log2(2 * math.pi * math.e * s**2) - math.log2(2 / (levels - 1))


@pytest.mark.parametrize("kind", KINDS)
def test_the_likelihood_is_that_of_the_gaussian_that_the_flow_leads_to(kind):
    s, x = 0.25, 0.25 * torch.randn(200, 1, 8, 8, generator=generator(9))
    bits = knowing(s, sde=kind, likelihood_steps=60).eval().bits_per_dim(x)
    assert float(bits.mean()) == pytest.approx(bits_of_gaussian_pixels(s), abs=0.02)


def test_images_are_spread_over_their_levels_where_asked():
    data = shape(levels=17)
    spread = build("score-sde", data).dequantised(torch.zeros(500, 1, 8, 8))
    assert float(spread.max()) == pytest.approx(1 / 16, rel=0.01)
    seen = []
    model = build("score-sde", data, dequantise=True)
    model.dequantised = lambda x: seen.append(x) or x
    model.training_step(batch_of(data))
    assert len(seen) == 1
