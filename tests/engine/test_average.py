"""Weight averages: whose weights samples come from."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from genharness.engine.average import WeightAverage
from genharness.kit import optim
from genharness.testing.one_device import META, OneDevice


class Model(nn.Module):
    def __init__(self, value=0.0):
        super().__init__()
        self.G = nn.Linear(1, 1, bias=False)
        self.D = nn.Linear(1, 1, bias=False)
        self.set(value)

    def averaged_module(self):
        return self.G

    def set(self, value):
        for part in (self.G, self.D):
            nn.init.constant_(part.weight, value)


def applied(average):
    with average.applied() as model:
        return model.G.weight.item(), model.D.weight.item()


def brute_force(values, decay):
    """Return the average of the values after a start of 0, in float64."""
    average = 0.0
    for n, value in enumerate(values):
        kept = min(decay, (1 + n) / (10 + n))
        average = kept * average + (1 - kept) * value
    return average


@pytest.mark.parametrize("decay", [0.0, 0.05, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("count", [1, 2, 40, 300])
def test_the_average_decays_exponentially_after_a_warm_up(decay, count):
    values = np.random.default_rng(count).normal(size=count)
    model = Model()
    average = WeightAverage(model, decay)
    for value in values:
        model.set(value)
        average.update()
    assert applied(average)[0] == pytest.approx(brute_force(values, decay), abs=1e-5)


def test_random_weights_of_the_beginning_are_soon_forgotten():
    model = Model(1000.0)
    average = WeightAverage(model, 0.999)
    for _ in range(30):
        model.set(1.0)
        average.update()
    assert applied(average)[0] == pytest.approx(1.0, abs=1e-3)


def test_only_the_averaged_module_is_averaged():
    model = Model()
    average = WeightAverage(model, 0.9)
    model.set(5.0)
    average.update()
    assert applied(average)[1] == 5.0


@pytest.mark.parametrize("make", [optim.adam, torch.optim.SGD, torch.optim.RMSprop], ids=lambda make: make.__name__)
def test_the_decay_is_that_of_a_step_of_the_averaged_module(make):
    model = Model(1.0)
    average = WeightAverage(model, 0.9)
    optimisers = [make(part.parameters(), lr=0.1) for part in (model.G, model.D)]
    weights = []
    for step in range(12):
        optim.minimise(optimisers[1], model.D.weight.sum())
        if step % 3 == 0:
            optim.minimise(optimisers[0], model.G.weight.sum())
            weights.append(model.G.weight.item())
        average.update()
        applied(average)  # as where samples are drawn meanwhile
    expected = 1.0
    for n, weight in enumerate(weights):
        kept = min(0.9, (1 + n) / (10 + n))
        expected = kept * expected + (1 - kept) * weight
    assert applied(average)[0] == pytest.approx(expected)


class Normalised(nn.Module):
    """A generator with statistics of its batches."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(1, affine=False, momentum=1.0)
        self.scale = nn.Parameter(torch.ones(1))

    def averaged_module(self):
        return self

    def forward(self, x):
        return self.scale * self.norm(x)


def test_statistics_of_batch_norm_are_averaged_and_counters_are_not():
    model = Normalised()
    average = WeightAverage(model, 0.5)
    means = []
    for step in range(6):
        batch = torch.randn(8, 1) + step
        means.append(batch.mean().item())
        optim.minimise(torch.optim.SGD(model.parameters(), lr=0.1), model(batch).square().sum())
        average.update()
    with average.applied() as applied_model:
        assert applied_model.norm.running_mean.item() == pytest.approx(brute_force(means, 0.5), abs=1e-5)
        assert applied_model.norm.num_batches_tracked == 6
    assert model.norm.running_mean.item() == pytest.approx(means[-1], abs=1e-5)


def test_singular_vectors_of_spectral_norm_are_not_averaged():
    model = Model()
    model.G = spectral_norm(nn.Linear(3, 3))
    average = WeightAverage(model, 0.9)
    optimiser = torch.optim.SGD(model.G.parameters(), lr=5.0)
    for _ in range(5):
        optim.minimise(optimiser, model.G(torch.randn(4, 3)).sum())
        average.update()
    with average.applied():
        norm = torch.linalg.vector_norm(model.G.parametrizations.weight[0]._u)
    assert norm.item() == pytest.approx(1.0, abs=1e-5)


def test_what_is_fitted_to_the_averages_stays_with_them():
    model = Normalised()
    average = WeightAverage(model, 0.5)
    model.scale.data.fill_(3.0)
    with average.applied() as applied_model:
        applied_model.norm.running_mean = torch.full((1,), 7.0)
    assert model.norm.running_mean.item() == 0.0
    with average.applied() as applied_model:
        assert applied_model.norm.running_mean.item() == 7.0


def test_training_goes_on_with_its_own_weights_and_modes():
    model = Model()
    average = WeightAverage(model, 0.5)
    average.update()
    model.set(3.0)
    model.G.eval()
    with average.applied():
        assert not model.training
    assert (model.G.weight.item(), model.training, model.G.training, model.D.training) == (3.0, True, False, True)


def test_weights_come_back_when_sampling_fails():
    model = Model()
    average = WeightAverage(model, 0.5)
    average.update()
    model.set(3.0)
    with pytest.raises(RuntimeError), average.applied():
        raise RuntimeError
    assert (model.G.weight.item(), model.training) == (3.0, True)


def test_without_a_decay_samples_come_from_the_weights_themselves():
    model = Model(1.0)
    average = WeightAverage(model, None)
    average.update()
    model.set(2.0)
    assert applied(average) == (2.0, 2.0)
    assert average.state() is None


def test_a_restored_average_goes_on_as_the_saved_one():
    whole, cut = Model(1.0), Model(1.0)
    averages = [WeightAverage(whole, 0.9), WeightAverage(cut, 0.9)]
    for value in (2.0, -1.0, 4.0):
        for model, average in zip((whole, cut), averages, strict=True):
            model.set(value)
            average.update()
    restored_model = Model(7.0)
    restored = WeightAverage(restored_model, 0.9)
    restored_model.load_state_dict(cut.state_dict())
    restored.load(averages[1].state())
    restored.update()  # after a step in which the averaged module had no turn
    for model, average in ((whole, averages[0]), (restored_model, restored)):
        model.set(9.0)
        average.update()
    assert applied(restored) == applied(averages[0])


def test_an_average_stays_on_the_device_of_the_model():
    model = Model().to("meta")
    average = WeightAverage(model, 0.9)
    with OneDevice():
        model.set(1.0)
        average.update()
        with average.applied() as applied_model:
            assert applied_model.G.weight.device == META
    assert {part.device for part in average.state()["average"].values()} == {META}
