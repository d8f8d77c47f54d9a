"""Samplers and solvers, on Gaussian data, whose denoiser and whose paths are known, and beside those of diffusers."""

import math
import sys

import pytest
import torch

from genharness.errors import ConfigError
from genharness.kit.solvers import (
    ancestral,
    ddim,
    dopri5,
    dpmpp_2m,
    edm_stochastic,
    euler,
    heun,
    karras_levels,
    predictor_corrector,
    probability_flow,
)

S = 0.5
"""Standard deviation of the data."""


def oracle(x, sigma):
    """D(x, sigma) = E[x0 | x] of data N(0, S^2)."""
    return S**2 / (S**2 + sigma**2) * x


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(n=4, level=10.0):
    return level * torch.randn(n, 3, generator=generator(1), dtype=torch.float64)


def geometric(steps, high=10.0, low=0.05):
    return [high * (low / high) ** (place / steps) for place in range(steps + 1)]


def exact(x, start, end):
    """Where the probability flow of data N(0, S^2) leads."""
    return x * math.sqrt((S**2 + end**2) / (S**2 + start**2))


def counted(function):
    def call(*arguments):
        call.count += 1
        return function(*arguments)

    call.count = 0
    return call


def order(solve):
    """Return the order of convergence: log2 of how much smaller the error is with twice the steps."""
    x = noise()
    errors = []
    for steps in (64, 128):
        levels = geometric(steps)
        errors.append(float((solve(x, levels) - exact(x, levels[0], levels[-1])).abs().max()))
    return math.log2(errors[0] / errors[1])


@pytest.mark.parametrize(
    ("solve", "expected"),
    [
        (lambda x, levels: ddim(oracle, x, levels, generator()), 1),
        (lambda x, levels: euler(probability_flow(oracle), x, levels), 1),
        (lambda x, levels: heun(probability_flow(oracle), x, levels), 2),
        (lambda x, levels: dpmpp_2m(oracle, x, levels), 2),
    ],
    ids=["ddim", "euler", "heun", "dpmpp_2m"],
)
def test_the_error_falls_with_the_order_of_the_method(solve, expected):
    assert order(solve) == pytest.approx(expected, abs=0.15)


def test_ddim_without_noise_is_eulers_rule_on_the_probability_flow():
    levels = karras_levels(12, 0.01, 10.0)
    one, two = ddim(oracle, noise(), levels, generator()), euler(probability_flow(oracle), noise(), levels)
    assert torch.allclose(one, two, rtol=1e-12)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_ddim_draws_from_its_generator_only_where_eta_says_so(eta):
    source = generator()
    before = source.get_state()
    ddim(oracle, noise(), karras_levels(5, 0.01, 10.0), source, eta)
    assert torch.equal(source.get_state(), before) == (eta == 0)


def posterior(x, sigma, tau):
    """q(x at tau | x at sigma, x0) of x = x0 + sigma n, with the expected x0."""
    mean = oracle(x, sigma) + (tau**2 / sigma**2) * (x - oracle(x, sigma))
    return mean, tau * math.sqrt(sigma**2 - tau**2) / sigma


SAMPLERS = {
    "ancestral": lambda x, levels: ancestral(posterior, x, levels, generator(2)),
    "ddim eta 0": lambda x, levels: ddim(oracle, x, levels, generator(2)),
    "ddim eta 0.5": lambda x, levels: ddim(oracle, x, levels, generator(2), 0.5),
    "ddim eta 1": lambda x, levels: ddim(oracle, x, levels, generator(2), 1.0),
    "dpmpp_2m": lambda x, levels: dpmpp_2m(oracle, x, levels),
    "heun": lambda x, levels: heun(probability_flow(oracle), x, levels, euler_last=True),
    "churned": lambda x, levels: edm_stochastic(oracle, x, levels, generator(2), churn=40, noise=1.0),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_samples_of_the_oracle_have_the_variance_of_the_data(name):
    x = 30.0 * torch.randn(40_000, generator=generator(3), dtype=torch.float64)
    samples = SAMPLERS[name](x, karras_levels(400, 0.002, 30.0))
    assert float(samples.std()) == pytest.approx(S, rel=0.02)


def test_ddim_with_all_noise_is_ancestral_sampling():
    levels = karras_levels(20, 0.01, 10.0)
    one = ancestral(posterior, noise(), levels, generator(5))
    two = ddim(oracle, noise(), levels, generator(5), 1.0)
    assert torch.allclose(one, two, rtol=1e-9)


def test_no_noise_is_added_at_the_last_step():
    x = noise()
    (mean, deviation) = posterior(x, 2.0, 1.0)
    assert deviation > 0
    assert torch.equal(ancestral(posterior, x, [2.0, 1.0], generator()), mean)


def test_without_churn_the_stochastic_sampler_is_heun_and_draws_nothing():
    levels, source = karras_levels(9, 0.01, 10.0), generator()
    before = source.get_state()
    churned = edm_stochastic(oracle, noise(), levels, source, churn=0.0)
    assert torch.equal(churned, heun(probability_flow(oracle), noise(), levels, euler_last=True))
    assert torch.equal(source.get_state(), before)


def test_only_levels_within_bounds_are_churned():
    levels, source = karras_levels(9, 0.01, 10.0), generator()
    inside = sum(0.05 <= level <= 1.0 for level in levels[:-1])
    edm_stochastic(oracle, noise(), levels, source, churn=5.0, low=0.05, high=1.0)
    same = generator()
    for _ in range(inside):
        torch.randn(4, 3, generator=same)
    assert torch.equal(source.get_state(), same.get_state())


@pytest.mark.parametrize("steps", [1, 2, 18])
def test_karras_levels_fall_from_the_highest_to_exactly_0(steps):
    levels = karras_levels(steps, 0.002, 80.0)
    assert len(levels) == steps + 1
    assert levels[0] == pytest.approx(80.0)
    assert levels[-1] == 0.0
    assert levels == sorted(levels, reverse=True)
    assert steps == 1 or levels[-2] == pytest.approx(0.002)


@pytest.mark.parametrize(
    ("solve", "evaluations"),
    [
        (lambda d, x, levels: ddim(d, x, levels, generator()), 18),
        (lambda d, x, levels: dpmpp_2m(d, x, levels), 18),
        (lambda d, x, levels: heun(probability_flow(d), x, levels, euler_last=True), 35),
        (lambda d, x, levels: edm_stochastic(d, x, levels, generator(), churn=10), 35),
    ],
    ids=["ddim", "dpmpp_2m", "heun", "churned"],
)
def test_evaluations_are_those_of_the_papers(solve, evaluations):
    denoise = counted(oracle)
    solve(denoise, noise(), karras_levels(18, 0.002, 80.0))
    assert denoise.count == evaluations


def test_a_whole_heun_step_takes_two_evaluations_wherever_it_ends():
    slope = counted(lambda x, t: t - x)
    heun(slope, noise(), [1.0, 0.5, 0.0])
    assert slope.count == 4


def test_solvers_follow_times_that_rise_and_fall():
    there = heun(lambda x, t: -x, noise(), [place / 200 for place in range(201)])
    assert torch.allclose(there, noise() * math.exp(-1), rtol=1e-4)
    back = heun(lambda x, t: -x, there, [1 - place / 200 for place in range(201)])
    assert torch.allclose(back, noise(), rtol=1e-4)


def test_dopri5_keeps_its_tolerance():
    pytest.importorskip("torchdiffeq")
    errors = []
    for tolerance in (1e-3, 1e-6):
        solved = dopri5(lambda x, t: -x, noise(), 0.0, 1.0, tolerance=tolerance)
        errors.append(float((solved / (noise() * math.exp(-1)) - 1).abs().max()))
        assert errors[-1] < 10 * tolerance
    assert errors[1] < errors[0] / 10


def test_dopri5_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchdiffeq", None)
    with pytest.raises(ConfigError, match=r"pip install 'genharness\[ode\]'"):
        dopri5(lambda x, t: x, noise(), 0.0, 1.0)


# Beside the schedulers of diffusers, which work in variance-preserving coordinates z = a x0 + s n.


def schedule(name, **options):
    diffusers = pytest.importorskip("diffusers")
    return getattr(diffusers, name)(
        num_train_timesteps=1000, beta_start=1e-4, beta_end=0.02, beta_schedule="linear", **options
    )


def network(z, t):
    """Some epsilon, nonlinear so that errors show."""
    return torch.sin(3 * z) + z / (1 + t / 300)


def levels_of(scheduler, timesteps):
    a2 = scheduler.alphas_cumprod.double()[timesteps]
    return [*((1 - a2) / a2).sqrt().tolist(), 0.0]


def denoiser_of(scheduler, timesteps):
    times = dict(zip(levels_of(scheduler, timesteps), timesteps.tolist(), strict=False))

    def denoise(x, sigma):
        a = 1 / math.sqrt(1 + sigma**2)
        return x - sigma * network(a * x, times[sigma])

    return denoise


def run(scheduler, timesteps, z, **options):
    for t in timesteps:
        z = scheduler.step(network(z, int(t)), t, z, **options).prev_sample
    return z


def start(scheduler, timesteps):
    z = torch.randn(5, 2, generator=generator(8), dtype=torch.float64)
    return z, z * math.sqrt(1 + levels_of(scheduler, timesteps)[0] ** 2)


@pytest.mark.parametrize(("steps", "spacing"), [(10, "leading"), (50, "leading"), (50, "trailing")])
def test_ddim_is_that_of_diffusers(steps, spacing):
    scheduler = schedule("DDIMScheduler", clip_sample=False, timestep_spacing=spacing)
    scheduler.set_timesteps(steps)
    scheduler.alphas_cumprod = scheduler.alphas_cumprod.double()
    t = scheduler.timesteps
    z, x = start(scheduler, t)
    ours = ddim(denoiser_of(scheduler, t), x, levels_of(scheduler, t), generator())
    assert torch.allclose(run(scheduler, t, z), ours, atol=1e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize("steps", [10, 40])
def test_dpmpp_2m_is_that_of_diffusers(steps):
    scheduler = schedule(
        "DPMSolverMultistepScheduler",
        algorithm_type="dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        final_sigmas_type="zero",
        timestep_spacing="trailing",
        euler_at_final=True,
    )
    scheduler.set_timesteps(steps)
    t = scheduler.timesteps
    z, x = start(scheduler, t)
    ours = dpmpp_2m(denoiser_of(scheduler, t), x, levels_of(scheduler, t))
    assert torch.allclose(run(scheduler, t, z), ours, atol=2e-4)


@pytest.mark.parametrize("corrections", [0, 1, 4])
def test_predictor_and_corrector_keep_the_variance_of_gaussian_data(corrections):
    s, levels = 0.5, [20 * 0.985**step for step in range(600)] + [0.0]
    x = levels[0] * torch.randn(4000, 16, generator=torch.Generator().manual_seed(0))
    drawn = predictor_corrector(
        lambda x, sigma: s**2 / (s**2 + sigma**2) * x,
        x,
        levels,
        torch.Generator().manual_seed(1),
        corrections=corrections,
        snr=0.05,
    )
    assert float(drawn.std()) == pytest.approx(s, rel=0.03)


def test_corrections_mend_what_the_predictor_leaves():
    """Few coarse steps leave too much variance, less of it where each is corrected."""
    s, levels = 0.5, [20 * 0.7**step for step in range(24)] + [0.0]

    def excess(corrections):
        x = levels[0] * torch.randn(4000, 16, generator=torch.Generator().manual_seed(0))
        source = torch.Generator().manual_seed(1)
        drawn = predictor_corrector(
            lambda x, sigma: s**2 / (s**2 + sigma**2) * x, x, levels, source, corrections=corrections, snr=0.3
        )
        return abs(float(drawn.std()) - s)

    assert excess(3) < 0.6 * excess(0)
