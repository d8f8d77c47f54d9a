"""A model that looks at its data before it is trained, and the average of its weights."""

import pytest
import torch
from torch import nn

from genharness.engine.average import WeightAverage
from genharness.engine.start import start_from_data
from genharness.testing.synthetic import synthetic_data


class Centred(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("looks", torch.zeros((), dtype=torch.int64))

    def averaged_module(self):
        return self

    def start_from(self, data):
        self.mean.fill_(float(data.samples("train").mean()))
        self.weight.fill_(2.0)
        self.looks += 1


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def averaged_module(self):
        return self


def test_the_average_begins_at_what_was_seen_and_goes_on_from_there():
    data, model = synthetic_data(), Centred()
    average = WeightAverage(model, 0.99)
    start_from_data(model, average, data)
    mean = pytest.approx(data.samples("train").mean())
    assert (model.mean.item(), model.weight.item(), model.looks.item()) == (mean, 2.0, 1)
    with average.applied():
        assert (model.mean.item(), model.weight.item()) == (mean, 2.0)
    with torch.no_grad():
        model.weight.fill_(3.0)
    average.update()
    with average.applied():
        assert abs(model.weight.item() - 2.9) < 1e-6  # 0.1 of where it began, 0.9 of the step


def test_what_was_seen_is_the_average_s_own_copy():
    data, model = synthetic_data(), Centred()
    average = WeightAverage(model, 0.99)
    start_from_data(model, average, data)
    with torch.no_grad():
        model.mean.fill_(-1.0)
    with average.applied():
        assert model.mean.item() != -1.0


def test_without_an_average_or_a_wish_nothing_else_happens():
    data, model = synthetic_data(), Centred()
    start_from_data(model, WeightAverage(model, None), data)
    assert model.looks.item() == 1
    plain = Plain()
    start_from_data(plain, WeightAverage(plain, 0.9), data)
    assert plain.weight.item() == 0
