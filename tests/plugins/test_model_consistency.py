"""consistency: the identity at the lowest level, a teacher without gradient, finer levels, and few steps."""

import itertools
import math

import pytest
import torch
from torch import nn

from diffusion_models import Answer, batch_of, build, draw, loud, shape
from genharness.errors import ConfigError
from genharness.kit import Batch
from genharness_model_diffusion.consistency import level_probabilities


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def column(value, n=3):
    return torch.full((n, 1, 1, 1), value)


def test_at_the_lowest_level_the_function_is_the_identity_whatever_the_network_says():
    model = loud(build("consistency")).eval()
    x = torch.randn(3, 1, 8, 8, generator=generator())
    assert torch.allclose(model.consistent(x, column(0.002), None), x, atol=1e-6)
    assert not torch.allclose(model.consistent(x, column(0.5), None), x, atol=1e-2)


@pytest.mark.parametrize("sigma", [0.05, 0.5, 80.0])
def test_the_networks_input_has_unit_variance_at_every_level(sigma):
    model = build("consistency")
    seen = []
    model.network = Answer(lambda x, t: seen.append((x, t)) or torch.zeros_like(x))
    x = 0.5 * torch.randn(2000, 1, 8, 8, generator=generator())
    x = x + sigma * torch.randn(x.shape, generator=generator(1))
    model.consistent(x, column(sigma, 2000), None)
    ((network_input, t),) = seen
    assert float(network_input.std()) == pytest.approx(1, rel=0.01)
    assert float(t[0]) == pytest.approx(250 * math.log(sigma), rel=1e-4)


def test_levels_double_over_the_budget_from_the_first_number_to_the_last():
    model = build("consistency", levels_first=10, levels_last=80)
    counts = [len(model.levels(progress)) - 1 for progress in (0.0, 0.24, 0.26, 0.51, 0.76, 0.99)]
    assert counts == [10, 10, 20, 40, 80, 80]
    levels = model.levels(0.5)
    assert levels == sorted(levels)
    assert levels[0] == pytest.approx(0.002)
    assert levels[-1] == pytest.approx(80)


def test_a_curriculum_that_does_not_end_on_a_doubling_ends_where_it_is_told():
    model = build("consistency", levels_first=10, levels_last=100)
    assert len(model.levels(0.999)) - 1 == 100


def test_tables_of_levels_stay_until_their_number_doubles():
    model, like = build("consistency", levels_first=10, levels_last=80), torch.zeros(())
    first, second = model._tables(0.0, like), model._tables(0.24, like)
    assert all(one is other for one, other in zip(first, second, strict=True))
    for progress in (0.26, 0.9, 0.0):
        levels, chances = model._tables(progress, like)
        assert torch.equal(levels, torch.tensor(model.levels(progress)))
        assert torch.equal(chances, torch.tensor(level_probabilities(model.levels(progress), -1.1, 2.0)))


def test_intervals_are_drawn_as_often_as_a_normal_logarithm_falls_into_them():
    levels = [0.002, 0.1, 0.5, 3.0, 80.0]
    found = level_probabilities(levels, -1.1, 2.0)
    normal = torch.distributions.Normal(-1.1, 2.0)
    inside = [
        float(normal.cdf(torch.tensor(math.log(b))) - normal.cdf(torch.tensor(math.log(a))))
        for a, b in itertools.pairwise(levels)
    ]
    assert found == pytest.approx([share / sum(inside) for share in inside], rel=1e-3)
    assert sum(found) == pytest.approx(1)


class Scaled(nn.Module):
    """F = w x, which keeps what it is given."""

    def __init__(self, w):
        super().__init__()
        self.w, self.seen = nn.Parameter(torch.tensor(w)), []

    def forward(self, x, t, labels=None):
        self.seen.append((x.detach(), t, torch.is_grad_enabled()))
        return self.w * x


def with_scale(w, **options):
    model = build("consistency", **options)
    model.network = Scaled(w)
    model.optimiser = torch.optim.SGD(model.network.parameters(), 1.0)
    return model


def test_student_and_teacher_see_neighbouring_levels_of_one_noise_and_only_the_student_learns():
    torch.manual_seed(0)
    model, y = with_scale(0.3, sigma_data=0.5), batch_of(shape(), n=50).data
    model.training_step(Batch(y, None, 0, 0.0))
    (student, t, learns), (teacher, t_below, teaches) = model.network.seen
    assert (learns, teaches) == (True, False)
    sigma, tau = (part.div(250).exp()[:, None, None, None] for part in (t, t_below))
    levels = torch.tensor(model.levels(0.0))
    place = (sigma.flatten()[:, None] - levels).abs().argmin(1)
    assert torch.allclose(tau.flatten(), levels[place - 1], rtol=1e-3)
    noises = [(x * (s**2 + 0.25).sqrt() - y) / s for x, s in ((student, sigma), (teacher, tau))]
    far = (tau > 0.05).flatten()
    assert far.any()
    assert torch.allclose(noises[0][far], noises[1][far], atol=1e-2)
    assert float(noises[0][far].std()) == pytest.approx(1, rel=0.1)


def test_the_gradient_is_that_of_the_student_alone_with_the_papers_weight_and_distance():
    torch.manual_seed(0)
    model, y = with_scale(0.3, huber=0.01, clip=1e6), batch_of(shape(), n=20).data
    torch.manual_seed(5)
    loss = model.training_step(Batch(y, None, 0, 0.0))["loss"]
    moved = 0.3 - model.network.w.item()
    torch.manual_seed(5)
    z, levels, w = torch.randn_like(y), torch.tensor(model.levels(0.0)), torch.tensor(0.3, requires_grad=True)
    place = torch.multinomial(torch.tensor(level_probabilities(model.levels(0.0), -1.1, 2.0)), 20, replacement=True)

    def f(s, w):
        s, x = s[:, None, None, None], y + s[:, None, None, None] * z
        skip, scale = 0.25 / ((s - 0.002) ** 2 + 0.25), 0.5 * (s - 0.002) / (s**2 + 0.25).sqrt()
        return skip * x + scale * w * x / (s**2 + 0.25).sqrt()

    sigma, tau = levels[place + 1], levels[place]
    difference = (f(sigma, w) - f(tau, w.detach())).flatten(1)
    c = 0.01 * 8
    expected = ((((difference**2).sum(1) + c**2).sqrt() - c) / (sigma - tau)).mean()
    expected.backward()
    assert float(loss) == pytest.approx(expected.item(), rel=1e-4)
    assert moved == pytest.approx(1e-3 * float(w.grad), rel=1e-3)  # by the rate of descent


def test_student_and_teacher_drop_the_same_features():
    model = build("consistency", dropout=0.5).train()
    masks = []
    drop = next(part for part in model.network.modules() if isinstance(part, nn.Dropout))
    drop.register_forward_hook(lambda _, inputs, out: masks.append(out[0] != 0))
    model.training_step(batch_of(shape()))
    assert len(masks) == 2
    agree = (masks[0] == masks[1]).float().mean()
    assert float(agree) > 0.95


def test_one_step_is_one_evaluation_of_the_highest_noise():
    model = with_scale(0.0)
    samples = draw(model, 4, seed=2)
    noise = torch.randn(4, 1, 8, 8, generator=generator(2))
    skip = 0.25 / ((80 - 0.002) ** 2 + 0.25)
    assert len(model.network.seen) == 1
    assert torch.allclose(samples, skip * 80 * noise, atol=1e-6)


def test_a_second_step_adds_noise_up_to_its_level_and_comes_back():
    model = with_scale(0.0, steps=2, middle=0.821)
    draw(model, 500)
    (_, (second, t, _)) = model.network.seen
    x = second * math.sqrt(0.821**2 + 0.25)
    assert float(t[0]) == pytest.approx(250 * math.log(0.821), rel=1e-3)
    first = draw(with_scale(0.0), 500)
    assert float((x - first).std()) == pytest.approx(math.sqrt(0.821**2 - 0.002**2), rel=0.02)


def test_more_steps_fall_to_the_middle_by_equal_ratios():
    model = with_scale(0.0, steps=4, middle=0.5, sigma_max=32.0)
    draw(model, 2)
    levels = [float(t[0].div(250).exp()) for _, t, _ in model.network.seen]
    assert levels == pytest.approx([32, 8, 2, 0.5], rel=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels_first": 20, "levels_last": 10}, "levels grow in training"),
        ({"middle": 80.0}, "must lie between"),
        ({"guidance": 2.0}, "needs classes to guide to"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        build("consistency", **options)
