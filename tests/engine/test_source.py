"""Where samples come from."""

from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from genharness.engine.average import WeightAverage
from genharness.engine.source import SampleSource
from genharness.kit import GenerativeModel
from genharness.spec.plugins import DataShape


class Constant(GenerativeModel):
    def __init__(self):
        super().__init__(DataShape("tabular", (2,), 4), None)
        self.value = nn.Parameter(torch.zeros(2))

    def sample(self, n, *, labels, generator):
        return self.value.expand(n, 2)


def source(labels, *, conditional=True, decay=None):
    model = Constant()
    data = SimpleNamespace(labels=lambda split: labels if split == "train" else None, shape=model.data)
    spec = SimpleNamespace(name="constant", can=lambda name: conditional and name == "conditions")
    return SampleSource(spec=spec, model=model, average=WeightAverage(model, decay), data=data, precision="fp32")


def test_classes_are_asked_for_in_the_shares_of_the_training_split():
    found = source(np.array([0] * 60 + [1] * 30 + [3] * 10)).labels(50, seed=0)
    assert np.bincount(found, minlength=4).tolist() == [30, 15, 0, 5]


def test_a_seed_repeats_their_order():
    made = source(np.array([0, 1] * 20))
    assert np.array_equal(made.labels(40, seed=1), made.labels(40, seed=1))
    assert not np.array_equal(made.labels(40, seed=1), made.labels(40, seed=2))


def test_an_unconditional_model_and_unlabelled_data_ask_for_none():
    assert source(np.array([0, 1]), conditional=False).labels(4, seed=0) is None
    assert source(None).labels(4, seed=0) is None


def test_samples_come_from_the_averaged_weights_and_training_goes_on_with_its_own():
    made = source(None, decay=0.5)
    with torch.no_grad():
        made.model.value.fill_(1.0)
    with made.applied() as model:
        drawn = made.sampler(model).draw(3, seed=0)
    assert (drawn < 1).all()
    assert (made.model.value == 1).all()
