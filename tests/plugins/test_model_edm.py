"""edm: preconditioning that keeps every signal at unit size, a loss with a closed form, and Karras's sampler."""

import math

import pytest
import torch
from torch import nn

from diffusion_models import Answer, batch_of, build, draw, loud, shape
from genharness.kit import Batch

LEVELS = [0.002, 0.05, 0.5, 3.0, 80.0]


def gaussian(n, s=0.5, seed=0):
    return s * torch.randn(n, 1, 8, 8, generator=torch.Generator().manual_seed(seed))


class Spy(nn.Module):
    """Keeps what the network is given, and answers with a given multiple of it."""

    def __init__(self, answer=lambda x, t: torch.zeros_like(x)):
        super().__init__()
        self.answer = answer

    def forward(self, x, t, labels=None):
        self.x, self.t = x, t
        return self.answer(x, t)


@pytest.mark.parametrize("sigma", LEVELS)
def test_the_networks_input_and_its_target_have_unit_variance_at_every_level(sigma):
    model = build("edm")
    model.network = Spy()
    y, level = gaussian(3000), torch.full((3000, 1, 1, 1), sigma)
    x = y + sigma * torch.randn(y.shape, generator=torch.Generator().manual_seed(1))
    skipped = model.denoise(x, level, None)  # the network says 0
    model.network = Spy(lambda x, t: torch.ones_like(x))
    scale = model.denoise(x, level, None) - skipped
    target = (y - skipped) / scale
    assert float(model.network.x.std()) == pytest.approx(1, rel=0.01)
    assert float(target.std()) == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("sigma", LEVELS)
def test_the_network_is_told_the_logarithm_of_the_level(sigma):
    model = build("edm")
    model.network = Spy()
    model.denoise(gaussian(2), torch.full((2, 1, 1, 1), sigma), None)
    assert torch.allclose(model.network.t, torch.full((2,), 1000 * math.log(sigma) / 4), rtol=1e-4, atol=1e-2)


def test_with_the_right_sigma_data_the_network_has_nothing_to_say_of_gaussian_data():
    """The optimal denoiser is linear, s^2 / (s^2 + sigma^2) x, which c_skip is where sigma_data is s."""
    model = build("edm", sigma_data=0.3)
    model.network = Spy()
    x, level = gaussian(5), torch.full((5, 1, 1, 1), 0.7)
    assert torch.allclose(model.denoise(x, level, None), 0.3**2 / (0.3**2 + 0.7**2) * x, atol=1e-6)


def test_the_loss_of_the_optimal_denoiser_is_its_closed_form():
    """lambda E (D - y)^2 = (sigma^2 + s^2) / (sigma s)^2 * s^2 sigma^2 / (s^2 + sigma^2) = 1 at every level."""
    torch.manual_seed(0)
    model = build("edm")
    model.network = Scaled()
    model.optimiser = torch.optim.SGD(model.network.parameters(), 0.0)
    losses = [model.training_step(Batch(gaussian(500, seed=seed), None, seed, 0.0)) for seed in range(4)]
    assert sum(float(loss["loss"]) for loss in losses) / 4 == pytest.approx(1, rel=0.02)


class Scaled(nn.Module):
    """A network that says 0 and has a parameter to train."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.zeros(()))

    def forward(self, x, t, labels=None):
        return self.factor * x


def test_a_denoiser_that_is_off_costs_what_it_is_off_by():
    """F = f (c_in x) adds f^2 to the loss: its input has unit variance, and is not correlated to its target."""
    torch.manual_seed(0)
    model = build("edm")
    model.network = Scaled()
    model.network.factor.data.fill_(0.5)
    model.optimiser = torch.optim.SGD(model.network.parameters(), 0.0)
    losses = [model.training_step(Batch(gaussian(500, seed=seed), None, seed, 0.0)) for seed in range(4)]
    assert sum(float(loss["loss"]) for loss in losses) / 4 == pytest.approx(1.25, rel=0.02)


def test_noise_levels_in_training_are_lognormal():
    seen = []
    model = build("edm", noise_mean=-1.0, noise_std=0.7)
    model.denoise = lambda x, sigma, labels: seen.append(sigma) or model.network(x, sigma.flatten())
    for step in range(3):
        model.training_step(Batch(gaussian(700), None, step, 0.0))
    logs = torch.cat(seen).log()
    assert float(logs.mean()) == pytest.approx(-1.0, abs=0.06)
    assert float(logs.std()) == pytest.approx(0.7, rel=0.05)


def knowing(s=0.3, **options):
    model = build("edm", sigma_data=s, **options)
    model.network = Answer(lambda x, t: torch.zeros_like(x))  # the optimum, as is shown above
    return model


@pytest.mark.parametrize(
    "options",
    [
        {"sampler": "heun", "steps": 40},
        {"sampler": "dpmpp-2m", "steps": 60},
        {"sampler": "euler", "steps": 600},
        {"churn": 40.0, "steps": 120, "churn_low": 0.05, "churn_high": 50.0},
    ],
    ids=str,
)
def test_a_network_that_knows_draws_the_variance_of_the_data(options):
    samples = draw(knowing(s=0.25, **options), 250)
    assert float(samples.std()) == pytest.approx(0.25, rel=0.02)


def test_eighteen_levels_take_35_evaluations():
    model = knowing()
    draw(model, 2)
    assert model.network.calls == 35


def test_without_churn_samples_are_a_function_of_the_first_noise():
    model = knowing()
    source = torch.Generator().manual_seed(4)
    model.eval().sample(3, labels=None, generator=source)
    first = torch.Generator().manual_seed(4)
    torch.randn(3, 1, 8, 8, generator=first)
    assert torch.equal(source.get_state(), first.get_state())
    churned = torch.Generator().manual_seed(4)
    knowing(churn=20.0).eval().sample(3, labels=None, generator=churned)
    assert not torch.equal(churned.get_state(), first.get_state())


def test_the_datas_deviation_is_measured_once_where_asked():
    model = build("edm", sigma_data=None)
    model.training_step(Batch(gaussian(100, s=0.9), None, 0, 0.0))
    assert float(model.sigma_data) == pytest.approx(0.9, rel=0.02)
    model.training_step(Batch(gaussian(100, s=0.1), None, 1, 0.5))
    assert float(model.sigma_data) == pytest.approx(0.9, rel=0.02)
    assert "sigma_data" in model.state_dict()
    given = build("edm", sigma_data=0.4)
    given.training_step(batch_of(shape()))
    assert float(given.sigma_data) == pytest.approx(0.4)


def test_guidance_is_no_part_of_training():
    """It is a choice of sampling: a step with it leaves the same weights as a step without."""
    weights = []
    for guidance in (1.0, 3.0):
        model = loud(build("edm", conditional=True, guidance=guidance, label_dropout=0.1)).train()
        torch.manual_seed(5)
        model.training_step(batch_of(shape()))
        weights.append(torch.cat([weight.detach().flatten() for weight in model.network.parameters()]))
    assert torch.equal(*weights)
