"""Operations: torch's own formulas, on every device, over a whole training."""

import copy
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from genharness.engine.build import build_model
from genharness.engine.costs.operations import FlopCounter, _period, sampling_operations, step_work
from genharness.kit import Batch, GenerativeModel
from genharness.kit.blocks import random_normal
from genharness.plugin.registry import load_registry
from genharness.spec.plugins import DataShape

META = torch.device("meta")
SHAPE = DataShape("image", (1, 8, 8), 4, 100)


@pytest.mark.parametrize(
    ("network", "inputs"),
    [
        (nn.Linear(7, 5), (3, 7)),
        (nn.Conv2d(3, 8, 3, padding=1), (2, 3, 9, 9)),
        (nn.ConvTranspose2d(4, 6, 4, stride=2), (2, 4, 5, 5)),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 10)), (2, 1, 8, 8)),
    ],
)
def test_operations_are_those_that_torch_counts_forward_and_backward(network, inputs):
    def step():
        network(torch.randn(inputs)).square().mean().backward()

    with FlopCounterMode(display=False) as theirs:
        step()
    with FlopCounter() as ours:
        step()
    assert ours.total == theirs.get_total_flops() > 0


def test_second_derivatives_are_counted():
    network, x = nn.Linear(7, 1), torch.randn(3, 7, requires_grad=True)
    with FlopCounter() as counter:
        (gradient,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
        gradient.square().sum().backward()
    assert counter.total >= 2 * 3 * 7


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_attention_is_counted_on_every_device(device):
    heads, length, width = 4, 16, 8
    q = torch.empty(2, heads, length, width, device=device)
    with FlopCounter() as counter:
        F.scaled_dot_product_attention(q, q, q)
    assert counter.total == 2 * (2 * heads) * length * length * width * 2


def test_the_backward_pass_of_attention_is_counted_on_the_cpu():
    q = torch.randn(2, 4, 16, 8, requires_grad=True)
    with FlopCounter() as counter:
        F.scaled_dot_product_attention(q, q, q).sum().backward()
    assert counter.total >= 3 * (2 * 8 * 16 * 16 * 8 * 2)


class Attends(GenerativeModel):
    """Draws samples through layers of attention, evaluated `config` times."""

    def __init__(self, data, config):
        super().__init__(data, config)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.last = nn.Linear(8, 8)

    def sample(self, n, *, labels, generator):
        x = random_normal(n, 8, 8, generator=generator)
        for _ in range(self.config):
            x = self.attention(x, x, x)[0]
        return self.last(x).view(n, 1, 8, 8)


def test_layers_of_attention_are_counted_in_eval_mode_as_in_training():
    model = Attends(SHAPE, 1)
    expected = 2 * 8 * (8 * 24 + 8 * 8 + 8 * 8) + 2 * 2 * 2 * 8 * 8 * 4  # projections, and two products a head
    assert sampling_operations(model.eval(), None)["sample_flops"] == expected


@pytest.mark.parametrize("evaluations", [1, 7])
def test_evaluations_of_the_network_are_counted(evaluations):
    found = sampling_operations(Attends(SHAPE, evaluations).eval(), None)
    assert found["function_evaluations"] == evaluations


def test_counting_leaves_no_hook_behind():
    model = Attends(SHAPE, 1).eval()
    sampling_operations(model, None)
    assert not any(part._forward_pre_hooks for part in model.modules())


@dataclass(frozen=True)
class Work:
    """Products of (batch, 10) and (10, 10) in a step, as a function of its step and progress."""

    products: object


class Works(GenerativeModel):
    def __init__(self, data, config):
        super().__init__(data, config)
        self.weight = nn.Parameter(torch.zeros(10, 10))

    def training_step(self, batch):
        x = torch.zeros(len(batch.data), 10, device=batch.data.device)
        for _ in range(self.config.products(batch.step, batch.progress)):
            x = x @ self.weight.detach()
        return {"loss": x.sum()}


ONE = 2 * 10 * 10


@pytest.mark.parametrize(
    ("products", "mean"),
    [
        (lambda step, progress: 3, 3.0),
        (lambda step, progress: 4 if step % 5 == 0 else 1, 1.6),
        (lambda step, progress: (2 if step % 4 == 0 else 1) + (6 if step % 6 == 0 else 0), 1 + 1 / 4 + 1),
        (lambda step, progress: 1 if progress < 0.5 else 5, 3.0),
        (lambda step, progress: (3 if step % 2 == 0 else 1) if progress < 0.25 else 8, 0.25 * 2 + 0.75 * 8),
    ],
    ids=["even", "generator in one of five", "least common multiple", "two phases", "a period and two phases"],
)
def test_a_step_is_the_mean_over_a_whole_training(products, mean):
    with META:
        model = Works(SHAPE, Work(products))
    assert step_work(model, 16)[0] == pytest.approx(ONE * mean)


def test_calls_of_a_step_are_counted_views_aside_and_as_the_mean_over_a_training():
    def calls(products):
        with META:
            model = Works(SHAPE, Work(products))
        return step_work(model, 16)[1]

    least = calls(lambda step, progress: 1)
    assert calls(lambda step, progress: 4) == least + 3  # `detach` is a view
    assert calls(lambda step, progress: 6 if step % 5 == 0 else 1) == pytest.approx(least + 1)
    assert calls(lambda step, progress: 1 if progress < 0.5 else 5) == pytest.approx(least + 2)


def test_what_is_done_in_the_first_step_only_is_none_of_a_steps_calls():
    class Begins(Works):
        def training_step(self, batch):
            for _ in range(7 if batch.step == 0 and batch.progress < 0.5 else 0):  # as an optimiser makes its state
                torch.zeros_like(self.weight)
            return super().training_step(batch)

    with META:
        models = [kind(SHAPE, Work(lambda step, progress: 1)) for kind in (Begins, Works)]
    assert step_work(models[0], 16) == step_work(models[1], 16)


@pytest.mark.parametrize(
    ("counts", "period"),
    [([2, 2, 2], [2]), ([5, 1, 1, 5, 1, 1], [5, 1, 1]), ([5, 1, 5, 1], [5, 1]), ([3, 2, 1], [3, 2, 1])],
)
def test_a_period_is_the_shortest_start_that_is_seen_twice(counts, period):
    assert _period(iter(counts)) == period


@pytest.mark.parametrize("name", ["dcgan", "wgan-gp", "vae", "vq-vae"])
def test_steps_on_the_meta_device_have_the_operations_of_real_ones(name):
    spec = load_registry().models.find(name)
    options = spec.recipes["smoke"].options
    real = build_model(spec, options, SHAPE, torch.device("cpu")).train()
    counts = []
    for step in range(16):
        with FlopCounter() as counter:
            real.training_step(
                Batch(torch.rand(8, 1, 8, 8), torch.zeros(8, dtype=torch.int64), step, (step + 0.5) / 16)
            )
        counts.append(counter.total / 8)
    assert step_work(build_model(spec, options, SHAPE, META), 8)[0] == pytest.approx(sum(counts) / 16, rel=0.01)


def test_counting_leaves_the_model_as_it_was():
    model = Attends(SHAPE, 2).eval()
    before = copy.deepcopy(model.state_dict())
    sampling_operations(model, None)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
