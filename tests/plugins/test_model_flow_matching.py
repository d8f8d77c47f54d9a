"""flow-matching: couplings, straight lines, and likelihoods of a flow that is known."""

import math

import pytest
import torch
from torch import nn

from diffusion_models import Answer, batch_of, build, draw, shape
from genharness.kit import Batch
from genharness_model_diffusion.flow_matching import nearest_assignment


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def moons(n, seed=0):
    source = generator(seed)
    angle, which = torch.rand(n, generator=source) * math.pi, torch.randint(0, 2, (n,), generator=source)
    points = torch.stack((angle.cos(), angle.sin()), 1) * (1 - 2 * which[:, None])
    return points + which[:, None] * torch.tensor([1.0, 0.5]) + 0.05 * torch.randn(n, 2, generator=source)


def test_the_nearest_assignment_is_a_permutation_that_none_beats():
    x_0, x_1 = torch.randn(6, 3, generator=generator()), torch.randn(6, 3, generator=generator(1))
    order = nearest_assignment(x_0, x_1)
    assert order.sort().values.tolist() == list(range(6))

    def cost(order):
        return float(((x_0[order] - x_1) ** 2).sum())

    import itertools

    best = min(cost(list(each)) for each in itertools.permutations(range(6)))
    assert cost(order) == pytest.approx(best, rel=1e-5)


def test_optimal_transport_brings_noise_nearer_and_makes_paths_straighter():
    """Where paths cross, v is their mean and not theirs: what is left of the squared error is how bent the flow is."""
    x_1, x_0 = moons(256), torch.randn(256, 2, generator=generator(3))
    order = nearest_assignment(x_0, x_1)
    assert ((x_0[order] - x_1) ** 2).mean() < 0.5 * ((x_0 - x_1) ** 2).mean()
    left = [error_of_best_velocity(noise, x_1) for noise in (x_0, x_0[order])]
    assert left[1] < 0.25 * left[0]


def error_of_best_velocity(x_0, x_1):
    """Return the mean squared error that k nearest neighbours leave of x_1 - x_0 at t = 1/2."""
    middle, lines = (x_0 + x_1) / 2, x_1 - x_0
    near = torch.cdist(middle, middle).topk(8, largest=False).indices
    return float(((lines[near].mean(1) - lines) ** 2).mean())


class Linear(nn.Module):
    """v(x, t) = a(t) x by a table over 20 times: what flow matching between centred Gaussians must learn."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(20))

    def forward(self, x, t, labels=None):
        return self.table[(t / 50).long().clamp(max=19)][:, None, None, None] * x


@pytest.mark.parametrize("coupling", ["independent", pytest.param("ot", marks=pytest.mark.slow)])
def test_between_two_gaussians_the_velocity_is_linear(coupling):
    """v(x, t) = (t s^2 - (1 - t)) / ((1 - t)^2 + t^2 s^2) x for independent noise; a straight line for transported."""
    torch.manual_seed(0)
    s, model = 0.4, build("flow-matching", shape(1), mult=(1,), coupling=coupling, lr=0.05, decay=1.0, clip=100.0)
    model.network = Linear()
    model.optimiser = torch.optim.Adam(model.network.parameters(), 0.05)
    steps = 400
    for step in range(steps):
        x = s * torch.randn(512, 1, 1, 1)
        model.training_step(Batch(x, None, step, step / steps))
    t = (torch.arange(20) + 0.5) / 20
    if coupling == "independent":
        expected = (t * s**2 - (1 - t)) / ((1 - t) ** 2 + t**2 * s**2)
    else:
        expected = (s - 1) / (1 + (s - 1) * t)
    found = model.network.table.detach()
    assert float((found - expected).abs().max()) < (0.12 if coupling == "independent" else 0.06)


def test_couplings_leave_both_sides_as_they_are():
    """The noise that meets the data under optimal transport is standard normal still."""
    seen = []
    model = build("flow-matching", coupling="ot", times="uniform")
    forward = model.network.forward
    model.network.forward = lambda x, t, labels=None: seen.append((x.clone(), t)) or forward(x, t)
    x_1 = batch_of(model.data, n=400).data
    model.training_step(Batch(x_1, None, 0, 0.0))
    (x_t, t) = seen[0]
    t = t[:, None, None, None] / 1000
    x_0 = (x_t - t * x_1) / (1 - t)
    kept = x_0[(t < 0.9).flatten()]
    assert float(kept.mean()) == pytest.approx(0, abs=0.05)
    assert float(kept.std()) == pytest.approx(1, abs=0.05)


def test_times_by_a_sigmoid_of_normal_numbers_avoid_both_ends():
    torch.manual_seed(0)
    t = build("flow-matching", times="logit-normal").times(20_000, torch.device("cpu"))
    assert float(torch.logit(t).std()) == pytest.approx(1, rel=0.03)
    uniform = build("flow-matching").times(20_000, torch.device("cpu"))
    assert float((uniform < 0.1).float().mean()) == pytest.approx(0.1, abs=0.01)


def gaussian_flow(s=0.25, **options):
    """Return a model whose network knows the flow from N(0, 1) to N(0, s^2), and counts."""
    model = build("flow-matching", **options)

    def v(x, t):
        t = (t / 1000)[:, None, None, None]
        return (t * s**2 - (1 - t)) / ((1 - t) ** 2 + t**2 * s**2) * x

    model.network = Answer(v)
    return model


@pytest.mark.parametrize(
    ("options", "evaluations"),
    [({"sampler": "euler", "steps": 100}, 100), ({"sampler": "heun"}, 50), ({"sampler": "dopri5"}, None)],
    ids=str,
)
def test_a_network_that_knows_draws_the_variance_of_the_data(options, evaluations):
    if options["sampler"] == "dopri5":
        pytest.importorskip("torchdiffeq")
    model = gaussian_flow(**options)
    samples = draw(model, 250)
    assert float(samples.std()) == pytest.approx(0.25, rel=0.02)
    assert evaluations in (None, model.network.calls)


@pytest.mark.parametrize(("sampler", "order"), [("euler", 1), ("heun", 2)])
def test_samples_converge_with_the_order_of_the_solver(sampler, order):
    exact = draw(gaussian_flow(s=0.1, sampler="heun", steps=2000), 8)
    errors = [
        float((draw(gaussian_flow(s=0.1, sampler=sampler, steps=steps), 8) - exact).abs().max()) for steps in (40, 80)
    ]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.25)


def test_forward_and_backward_along_the_flow_come_back():
    from genharness.kit.solvers import heun

    model = build("flow-matching").eval()
    torch.nn.init.normal_(model.network.last[-1].weight, 0, 0.02)
    x, times = torch.randn(3, 1, 8, 8, generator=generator()), [step / 100 for step in range(101)]
    with torch.no_grad():
        there = heun(lambda x, t: model.velocity(x, t, None), x, times)
        back = heun(lambda x, t: model.velocity(x, t, None), there, times[::-1])
    assert not torch.allclose(there, x, atol=0.1)
    assert torch.allclose(back, x, atol=1e-3)


def bits_of_gaussian_pixels(s, levels=256):
    spacing = 2 / (levels - 1)
    return 0.5 * math.log2(2 * math.pi * math.e * s**2) - math.log2(spacing)


def test_the_likelihood_is_that_of_the_gaussian_that_the_flow_leads_to():
    s = 0.25
    x = s * torch.randn(200, 1, 8, 8, generator=generator(9))
    model = gaussian_flow(s, likelihood_steps=50).eval()
    bits = model.bits_per_dim(x)
    assert float(bits.mean()) == pytest.approx(bits_of_gaussian_pixels(s), abs=0.02)


def test_the_likelihood_counts_the_levels_of_the_data():
    s, x = 0.25, 0.25 * torch.randn(200, 1, 8, 8, generator=generator(9))
    model = gaussian_flow(s, likelihood_steps=50, data=shape(levels=17)).eval()
    expected = bits_of_gaussian_pixels(s, 17)
    wider = (s**2 + (2 / 16) ** 2 / 12) / s**2  # dequantised images vary more than the Gaussian knows
    assert float(model.bits_per_dim(x).mean()) == pytest.approx(expected + (wider - 1) / 2 / math.log(2), abs=0.02)


def test_images_are_spread_over_their_levels_where_asked():
    model = build("flow-matching", shape(levels=17), dequantise=True)
    x = torch.zeros(500, 1, 8, 8)
    spread = model.dequantised(x)
    assert float(spread.max()) == pytest.approx(1 / 16, rel=0.01)
    assert float(spread.min()) == pytest.approx(-1 / 16, rel=0.01)
    assert float(model.training_step(Batch(x, None, 0, 0.0))["loss"]) > 0
