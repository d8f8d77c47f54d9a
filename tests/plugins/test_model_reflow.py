"""Reflow: pairs of a flow as it was, lines that do not cross, and one step that does what many did."""

import copy

import pytest
import torch
from torch import nn

from diffusion_models import batch_of, build, draw, loud, shape
from genharness.errors import ConfigError
from genharness.kit import Batch
from genharness.kit.solvers import heun
from genharness_model_diffusion.flow_matching import FlowMatching
from genharness_model_diffusion.reflow import PairPool


class Net(nn.Module):
    """v(x, t) of single numbers."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))

    def forward(self, x, t, labels=None):
        return self.layers(torch.stack((x.flatten(), t / 1000), 1)).view_as(x)


def two_peaks(n):
    return (torch.randint(0, 2, (n, 1, 1, 1)) * 1.6 - 0.8) + 0.02 * torch.randn(n, 1, 1, 1)


def trained(steps=300, **options):
    """Train on two peaks, which one step from noise misses: their mean is what it knows of both."""
    torch.manual_seed(0)
    model = build("flow-matching", shape(1), mult=(1,), sampler="euler", steps=1, clip=1e6, lr=4e-3, **options)
    model.network = Net()
    model.optimiser = torch.optim.Adam(model.network.parameters(), 4e-3)
    if model.pairs is not None:
        model.pairs = PairPool(model.network, (1, 1, 1), capacity=2048, steps=8)
    for step in range(steps):
        model.training_step(Batch(two_peaks(128), None, step, step / steps))
    return model


@pytest.mark.slow
def test_one_step_of_a_flow_that_learnt_its_own_pairs_meets_the_data():
    missed = float(draw(trained(), 500).abs().mean())
    assert missed < 0.3
    again = draw(trained(reflow=0.6, distil=0.3), 500)
    far = float((again.abs() - 0.8).abs().median())
    assert far < 0.3
    assert float((again > 0).float().mean()) == pytest.approx(0.5, abs=0.1)


def test_all_pairs_are_of_the_flow_as_it_was_when_they_began():
    model = loud(build("flow-matching", reflow=0.5, dropout=0.5, reflow_pairs=16, reflow_steps=4))
    first = copy.deepcopy(model.network).eval()
    for step in range(3):
        model.training_step(batch_of(model.data, step, n=8, progress=0.6))
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), model.network.parameters(), strict=True))
    made = int(model.pairs.made)
    assert made == 3 * 2
    noise, images = model.pairs.noise[:made], model.pairs.images[:made]
    with torch.no_grad():
        led = heun(lambda x, t: first(x, x.new_full((len(x),), 1000 * t)), noise, [0, 0.25, 0.5, 0.75, 1])
    torch.testing.assert_close(images, led, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(images, noise, atol=0.1)


def test_the_oldest_pairs_make_room():
    pool = PairPool(Net(), (1, 1, 1), capacity=6, steps=1)
    torch.manual_seed(0)
    for _ in range(5):
        noise, _, _ = pool.draw(pool_net := Net(), 8, None)
    assert int(pool.made) == 10
    assert len(noise) == 8
    assert all(bool((pool.noise.flatten() == value).any()) for value in noise.flatten())
    assert pool_net.training


def test_a_pool_of_fewer_pairs_than_a_step_makes_keeps_noise_and_image_together():
    net = Net()
    pool = PairPool(net, (1, 1, 1), capacity=3, steps=1)
    noise, images, _ = pool.draw(net, 64, None)
    with torch.no_grad():
        led = heun(lambda x, t: net(x, x.new_full((len(x),), 1000 * t)), noise, [0.0, 1.0])
    torch.testing.assert_close(images, led)
    assert int(pool.made) == 3


def test_pairs_keep_the_class_that_they_were_made_for():
    class OfClass(Net):
        def forward(self, x, t, labels=None):
            return labels[:, None, None, None].float().expand_as(x) + 0 * self.layers[0].weight.sum()

    pool, net = PairPool(OfClass(), (1, 1, 1), capacity=64, steps=2), OfClass()
    for step in range(6):
        noise, images, labels = pool.draw(net, 12, torch.arange(12).add(step).remainder(3))
        torch.testing.assert_close((images - noise).flatten(), labels.float(), atol=1e-5, rtol=0)


def test_before_reflow_steps_are_those_of_plain_flow_matching():
    plain, other = build("flow-matching"), build("flow-matching", reflow=0.25)
    losses = []
    for model in (plain, other):
        torch.manual_seed(3)
        losses.append(float(model.training_step(batch_of(model.data, progress=0.7))["loss"]))
    assert losses[0] == losses[1]
    assert int(other.pairs.made) == 0


def test_a_state_goes_on_where_it_was():
    def steps(model, first):
        torch.manual_seed(first)
        for step in range(first, first + 2):
            model.training_step(batch_of(model.data, step, progress=0.9))

    whole = build("flow-matching", reflow=0.5)
    steps(whole, 0)
    other = build("flow-matching", reflow=0.5)
    other.load_state_dict(copy.deepcopy(whole.state_dict()))
    other.optimiser.load_state_dict(copy.deepcopy(whole.optimiser.state_dict()))
    steps(whole, 2)
    steps(other, 2)
    assert all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), other.state_dict().values(), strict=True))


def test_no_step_asks_the_device_for_a_number():
    model = build("flow-matching", shape(8), reflow=0.5).to("meta")
    assert isinstance(model, FlowMatching)
    data = torch.empty(8, 1, 8, 8, device="meta")
    model.training_step(Batch(data, torch.zeros(8, dtype=torch.int64, device="meta"), 0, 0.98))


def test_distilling_more_than_is_reflow_is_refused():
    with pytest.raises(ConfigError, match="set reflow too"):
        build("flow-matching", distil=0.2, reflow=0.1)
