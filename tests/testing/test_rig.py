"""A model as the harness would build, feed, train and sample it."""

import pytest
import torch
from torch import nn

from conformance import importable
from genharness import ModelSpec, PluginError, Recipe
from genharness.kit import GenerativeModel
from genharness.testing.rig import Rig
from genharness.testing.synthetic import synthetic_data

RECIPE = Recipe(length="10steps", batch_size=8)


class Mean(GenerativeModel):
    def __init__(self, data, config):
        super().__init__(data, config)
        self.value = nn.Parameter(torch.zeros(data.shape))
        self.fitted_with = None
        self.steps = []

    def training_step(self, batch):
        self.steps.append((batch.step, batch.progress))
        return {"loss": batch.data.mean()}

    def fit(self, data):
        self.fitted_with = (data, self.training)

    def sample(self, n, *, labels, generator):
        self.asked = labels
        return torch.rand(n, *self.data.shape, generator=generator)


def no_model(data, config):
    return nn.Linear(1, 1)


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    importable(monkeypatch, __name__, globals())


def rig(factory="Mean", **values):
    recipes = {"smoke": RECIPE, "standard": RECIPE, "paper": RECIPE}
    spec = ModelSpec(name="mean", summary="", factory=f"{__name__}:{factory}", family="toy", recipes=recipes, **values)
    return Rig(spec, synthetic_data())


def test_training_takes_every_step_once_with_its_progress():
    made = rig()
    model = made.build()
    assert len(made.train(model)) == made.steps == 8
    assert model.steps == [(step, step / 8) for step in range(8)]


def test_the_second_half_sees_the_batches_that_the_whole_would_have_seen():
    made = rig()
    whole = made.train(made.build())
    assert made.train(made.build(), stop=4) + made.train(made.build(), start=4) == whole


def test_what_follows_training_is_fitting_in_eval_mode():
    made = rig()
    assert made.fitted().fitted_with == (made.data, False)


def test_a_conditional_model_is_asked_for_classes():
    plain, asked = rig(), rig(capabilities=("conditions",))
    model = plain.fitted()
    plain.sample(model, 3)
    assert model.asked is None
    model = asked.fitted()
    asked.sample(model, 6)
    assert model.asked.tolist() == [0, 1, 2, 3, 0, 1]


def test_what_is_no_model_is_named():
    with pytest.raises(PluginError, match="model mean is a Linear: it must be"):
        rig("no_model").build()
