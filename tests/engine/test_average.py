"""Weight averages: whose weights samples come from."""

import pytest
import torch
from torch import nn

from genharness.engine.average import WeightAverage
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


def test_the_average_decays_exponentially_and_covers_the_averaged_module_alone():
    model = Model()
    average, expected = WeightAverage(model, 0.9), None
    for value in (1.0, 2.0, -3.0, 5.0):
        model.set(value)
        average.update()
        expected = value if expected is None else 0.9 * expected + 0.1 * value
    assert applied(average) == (pytest.approx(expected), 5.0)


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
    model = Model(1.0)
    average = WeightAverage(model, 0.9)
    average.update()
    model.set(2.0)
    average.update()
    restored = WeightAverage(Model(7.0), 0.9)
    restored.load(average.state())
    assert torch.equal(restored._average.module.weight, average._average.module.weight)
    assert restored._average.n_averaged == average._average.n_averaged


def test_an_average_stays_on_the_device_of_the_model():
    model = Model().to("meta")
    average = WeightAverage(model, 0.9)
    with OneDevice():
        average.update()
        average.update()
        with average.applied() as applied_model:
            assert applied_model.G.weight.device == META
    assert {part.device for part in average.state().values() if part.ndim} == {META}
