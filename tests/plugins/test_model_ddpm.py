"""ddpm: the chain, its posterior, and what a network that knows the answer draws and costs."""

import itertools
import math

import pytest
import torch

from diffusion_models import Answer, batch_of, build, draw, loud, shape
from genharness.errors import ConfigError
from genharness_model_diffusion.chain import Chain, alpha_bars, evenly, parts

S = 0.25
"""Standard deviation of Gaussian data; images end at four of them."""


def linear_betas(T=1000):
    return torch.linspace(1e-4, 0.02, T, dtype=torch.float64)


def test_the_linear_schedule_is_that_of_the_paper():
    expected = (1 - linear_betas()).cumprod(0)
    assert torch.allclose(torch.tensor(alpha_bars("linear", 1000), dtype=torch.float64), expected, rtol=1e-12)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize("T", [50, 1000])
def test_every_schedule_falls_from_images_to_noise(schedule, T):
    a = alpha_bars(schedule, T)
    assert len(a) == T
    assert a == sorted(a, reverse=True)
    assert a[0] > 0.98 if T == 50 else a[0] > 0.999
    assert 0 < a[-1] < 1e-4


def test_the_cosine_schedule_is_that_of_the_paper_and_of_diffusers():
    diffusers = pytest.importorskip("diffusers")
    scheduler = diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    ours = torch.tensor(alpha_bars("cosine", 1000))
    assert torch.allclose(ours, scheduler.alphas_cumprod, rtol=1e-3, atol=1e-7)


def test_noise_in_one_go_has_the_moments_of_single_steps():
    x, betas = torch.full((200_000,), 0.8, dtype=torch.float64), linear_betas()
    generator = torch.Generator().manual_seed(0)
    for t in range(300):
        x = (1 - betas[t]).sqrt() * x + betas[t].sqrt() * torch.randn(len(x), generator=generator, dtype=torch.float64)
    model = build("ddpm")
    t = torch.full((200_000,), 299)
    at_once = model.diffused(torch.full((200_000, 1, 1, 1), 0.8), t, torch.randn(200_000, 1, 1, 1))
    assert float(x.mean()) == pytest.approx(float(at_once.mean()), abs=0.01)
    assert float(x.var()) == pytest.approx(float(at_once.var()), rel=0.01)


@pytest.mark.parametrize(("t", "s"), [(999, 998), (500, 499), (1, 0), (700, 200)])
def test_the_posterior_is_the_product_of_two_gaussians(t, s):
    """q(x_s | x_t, x_0) is proportional to q(x_t | x_s) q(x_s | x_0)."""
    chain = Chain(alpha_bars("linear", 1000))
    a_t, a_s = chain.alpha_bar(t), chain.alpha_bar(s)
    x_0, x_t, step = 0.3, -0.7, chain.step(t, s)
    forward, prior = a_t / a_s, 1 - a_s
    precision = forward / (1 - forward) + 1 / prior
    mean = (math.sqrt(forward) * x_t / (1 - forward) + math.sqrt(a_s) * x_0 / prior) / precision
    assert step.small == pytest.approx(1 / precision, rel=1e-9)
    assert step.of_x0 * x_0 + step.of_xt * x_t == pytest.approx(mean, rel=1e-9)
    assert step.large == pytest.approx(1 - forward, rel=1e-9)
    assert step.small < step.large


def test_the_last_step_ends_at_the_predicted_image():
    step = Chain(alpha_bars("linear", 1000)).step(0, -1)
    assert (step.of_x0, step.of_xt, step.small) == (pytest.approx(1.0), 0.0, 0.0)


def test_one_step_is_that_of_diffusers():
    diffusers = pytest.importorskip("diffusers")
    scheduler = diffusers.DDPMScheduler(variance_type="fixed_small", clip_sample=True)
    scheduler.alphas_cumprod = (1 - linear_betas()).cumprod(0)
    model = loud(build("ddpm", variance="fixed-small")).eval()
    x_t = torch.randn(4, 1, 8, 8)
    for t in (999, 400, 1):
        with torch.no_grad():
            eps = model.network(x_t, torch.full((4,), float(t)))
            mean, deviation = model._reverse(x_t, t, t - 1, None)
        theirs = scheduler.step(eps, t, x_t, generator=torch.Generator().manual_seed(5)).prev_sample
        noise = torch.randn(x_t.shape, generator=torch.Generator().manual_seed(5))
        assert torch.allclose(mean + deviation * noise, theirs.float(), atol=1e-5)


@pytest.mark.parametrize(("T", "steps"), [(1000, 1), (1000, 10), (1000, 37), (1000, 1000), (7, 5)])
def test_times_are_spread_from_the_last_to_0_without_repetition(T, steps):
    times = evenly(T, steps)
    assert len(set(times)) == len(times) == steps
    assert times == sorted(times, reverse=True)
    assert times[0] == T - 1
    assert steps == 1 or times[-1] == 0


def oracle(model, s=S):
    """Return the network that knows E[eps | x_t] of data N(0, s^2), in what the model predicts."""

    def answer(x, t):
        a = model.alpha_bar[t.round().long()][:, None, None, None]
        eps = (1 - a).sqrt() / (a * s**2 + 1 - a) * x
        x_0 = (x - (1 - a).sqrt() * eps) / a.sqrt()
        return {"eps": eps, "x0": x_0, "v": a.sqrt() * eps - (1 - a).sqrt() * x_0}[model.config.predict]

    return Answer(answer)


def knowing(**options):
    model = build("ddpm", clip_x0=False, **options)
    model.network = oracle(model)
    return model


@pytest.mark.parametrize(
    "options",
    [
        {"sampler": "ddpm", "variance": "fixed-small"},
        {"sampler": "ddpm", "variance": "fixed-large"},
        {"sampler": "ddim"},
        {"sampler": "ddim", "eta": 1.0},
        {"sampler": "dpmpp-2m", "steps": 400},
        {"sampler": "heun", "steps": 200},
        {"sampler": "ddim", "predict": "v"},
        {"sampler": "dpmpp-2m", "steps": 400, "predict": "x0"},
        {"sampler": "ddim", "schedule": "cosine"},
    ],
    ids=str,
)
def test_a_network_that_knows_draws_the_variance_of_the_data(options):
    samples = draw(knowing(**options), 250)
    assert float(samples.std()) == pytest.approx(S, rel=0.02)
    assert float(samples.mean()) == pytest.approx(0, abs=0.02)


def test_ddim_with_half_the_steps_comes_close():
    def samples(steps):
        return draw(knowing(sampler="ddim", steps=steps), 20)

    assert float((samples(1000) - samples(500)).abs().max()) < 0.01
    assert float((samples(1000) - samples(50)).abs().max()) > 0.02


@pytest.mark.parametrize(("sampler", "calls"), [("ddpm", 20), ("ddim", 20), ("dpmpp-2m", 20), ("heun", 39)])
def test_the_network_is_evaluated_as_often_as_the_sampler_says(sampler, calls):
    model = knowing(sampler=sampler, steps=20)
    draw(model, 2)
    assert model.network.calls == calls


@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
def test_predicted_images_are_clipped_at_every_step_where_asked(sampler):
    """A network that overshoots far stays with images that are in range."""
    seen = []

    def overshooting(x, t):
        seen.append(float(x.abs().max()))
        return -20 * x

    for clip in (True, False):
        model = build("ddpm", sampler=sampler, steps=10, clip_x0=clip)
        model.network = Answer(overshooting)
        seen.clear()
        draw(model, 4)
        assert (max(seen[1:]) < 6) == clip


def test_a_new_network_says_0_and_loses_1():
    losses = build("ddpm").training_step(batch_of(shape(), n=500))
    assert float(losses["loss"]) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("predict", "power"), [("eps", 0), ("x0", 1), ("v", 1)])
def test_min_snr_weighs_one_error_alike_whatever_is_predicted(predict, power):
    """An error d of x_0 costs min(SNR, gamma) d^2 in all three."""
    model = build("ddpm", predict=predict, min_snr=5.0)
    t = torch.arange(0, 1000, 37)
    a = model.alpha_bar[t]
    snr = a / (1 - a)
    per_x0 = {"eps": a / (1 - a), "x0": torch.ones_like(a), "v": 1 / (1 - a)}[predict]
    assert torch.allclose(model._weight(t) * per_x0, snr.clamp(max=5.0), rtol=1e-4)


def test_v_and_eps_and_x0_are_one_prediction():
    x_0, eps, t = torch.randn(6, 1, 8, 8) / 3, torch.randn(6, 1, 8, 8), torch.tensor([0, 10, 200, 500, 800, 950])
    for predict in ("eps", "v", "x0"):
        model = build("ddpm", predict=predict)
        x_t, a = model.diffused(x_0, t, eps), model.alpha_bar[t][:, None, None, None]
        assert torch.allclose(model._x0(x_t, a, model._target(x_0, t, eps), clip=False), x_0, atol=1e-3)


def test_a_learnt_variance_stays_between_beta_tilde_and_beta():
    model = loud(build("ddpm", variance="learned")).eval()
    with torch.no_grad():
        model.network.last[-1].weight.mul_(100)
        for t in (1, 20, 500, 999):
            step = model.chain.step(t, t - 1)
            _, deviation = model._reverse(torch.randn(8, 1, 8, 8), t, t - 1, None)
            assert float(deviation.min()) ** 2 >= step.small * (1 - 1e-4)
            assert float(deviation.max()) ** 2 <= step.large * (1 + 1e-4)
            assert deviation.std() > 0


def test_the_bound_moves_the_variance_and_not_the_mean():
    model = loud(build("ddpm", variance="learned"))
    x_0, t = batch_of(model.data).data, torch.tensor([0, 10, 500, 999])
    x_t = model.diffused(x_0, t, torch.randn_like(x_0))
    output = model.network(x_t, model._position(t)).detach().requires_grad_()
    still = torch.cat((output[:, :1].detach(), output[:, 1:]), dim=1)
    model._bound_terms(x_0, x_t, t, still).mean().backward()
    assert not output.grad[:, :1].any()
    assert output.grad[:, 1:].any()


# The bound of the likelihood.


def grey_gaussian(n, size=16, s=S, levels=256):
    """Return images of independent N(0, s^2) pixels at grey levels, and their entropy in bits per pixel."""
    x = s * torch.randn(n, 1, size, size, generator=torch.Generator().manual_seed(4))
    spacing = 2 / (levels - 1)
    images = ((x + 1) / spacing).round().clamp(0, levels - 1) * spacing - 1
    edges = torch.linspace(-1 - spacing / 2, 1 + spacing / 2, levels + 1, dtype=torch.float64)
    edges[0], edges[-1] = -20, 20
    chances = torch.special.ndtr(edges / s).diff().clamp(min=1e-300)
    return images, float(-(chances * chances.log2()).sum())


def bits(model, images):
    with torch.no_grad():
        return model.eval().bits_per_dim(images)


def test_the_bound_of_a_network_that_knows_is_close_to_the_entropy_and_above():
    """Beta is the variance of a step back where the data is Gaussian; with less the bound is looser."""
    images, entropy = grey_gaussian(40)
    large, small = (bits(knowing(variance=variance, bound_terms=999), images) for variance in VARIANCES)
    error = float(large.std()) / math.sqrt(len(images))
    assert entropy - 3 * error < float(large.mean()) < entropy + 0.05
    assert float(small.mean()) > float(large.mean()) + 0.1


VARIANCES = ("fixed-large", "fixed-small")


def test_few_terms_estimate_the_sum_of_all_without_bias():
    images, _ = grey_gaussian(500, size=8)
    few, everything = (bits(knowing(bound_terms=terms), images) for terms in (10, 999))
    error = float((few - everything).std()) / math.sqrt(len(few))
    assert float((few - everything).mean()) == pytest.approx(0, abs=3 * error)
    assert error < 0.03


@pytest.mark.parametrize(("T", "count"), [(1000, 10), (1000, 999), (1000, 5000), (1000, 1), (2, 3), (20, 7)])
def test_parts_of_the_chain_leave_no_time_out(T, count):
    borders = parts(T, count)
    assert borders[0] == 1
    assert borders[-1] == T
    assert borders == sorted(set(borders))
    assert len(borders) == min(count, T - 1) + 1


def test_grey_levels_have_probabilities_that_sum_to_1():
    model = build("ddpm", shape(1, levels=17), mult=(1,))
    every = model.levels.images(torch.arange(17)).view(17, 1, 1, 1)
    for mean, deviation in itertools.product((-0.98, 0.1, 3.0), (0.01, 0.3, 2.0)):
        chances = model._log_probability(every, torch.tensor(mean), torch.tensor(deviation)).exp()
        assert float(chances.sum()) == pytest.approx(1, abs=1e-4)


def test_the_prior_term_is_the_divergence_that_torch_computes():
    from torch.distributions import Normal, kl_divergence

    model, x = build("ddpm", T=20, steps=20), torch.rand(3, 1, 8, 8) * 2 - 1
    a = model.chain.alpha_bar(19)
    expected = kl_divergence(Normal(math.sqrt(a) * x, math.sqrt(1 - a)), Normal(0.0, 1.0)).flatten(1).mean(1)
    assert torch.allclose(model._prior_term(x), expected, atol=1e-6)


def test_more_steps_than_the_chain_has_are_refused():
    with pytest.raises(ConfigError, match="steps=1000 is more than the chain has: at most T=100"):
        build("ddpm", T=100)
