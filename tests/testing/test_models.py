"""The checks of models: an honest one passes, and each broken promise is found by its check."""

import dataclasses

import pytest
import torch
from torch import nn

from conformance import failures, importable
from genharness import ModelSpec, Recipe
from genharness.kit import GenerativeModel
from genharness.testing import model_checks


class Honest(GenerativeModel):
    """Learns the mean image, and adds noise to it."""

    def __init__(self, data, config):
        super().__init__(data, config)
        self.mean = nn.Parameter(torch.zeros(data.shape))
        self.optimiser = torch.optim.SGD(self.parameters(), 1.0)

    def training_step(self, batch):
        loss = (batch.data - self.mean).square().mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return {"loss": loss.detach()}

    def sample(self, n, *, labels, generator):
        noise = torch.randn(n, *self.data.shape, generator=generator, device=generator.device)
        return (self.mean + 0.1 * noise).clamp(-1, 1)


class KeepsItsGraph(Honest):
    def training_step(self, batch):
        return {"loss": (batch.data - self.mean).square().mean()}


class Diverges(Honest):
    def training_step(self, batch):
        return {"loss": torch.tensor(float("nan"))}


class Unlearns(Honest):
    def training_step(self, batch):
        return {"loss": super().training_step(batch)["loss"] + batch.step}


class ForgetsAPart(Honest):
    def __init__(self, data, config):
        super().__init__(data, config)
        self.idle = nn.Linear(2, 2)


class ForgetsABias(Honest):
    """Within a part that is trained, so that not the part but the parameter is idle."""

    def __init__(self, data, config):
        super().__init__(data, config)
        self.scale = nn.Linear(1, 1)
        self.optimiser = torch.optim.SGD(self.parameters(), 1.0)

    def training_step(self, batch):
        loss = (batch.data - self.mean * self.scale.weight).square().mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return {"loss": loss.detach()}


class DrawsOnTheCPU(Honest):
    def training_step(self, batch):
        noise = torch.randn(batch.data.shape)
        return super().training_step(dataclasses.replace(batch, data=batch.data + noise))


class CopiesInAStep(Honest):
    def training_step(self, batch):
        scale = torch.ones(batch.data.shape[0], 1, 1, 1).to(batch.data.device)
        return super().training_step(dataclasses.replace(batch, data=batch.data * scale))


class ReadsALoss(Honest):
    def training_step(self, batch):
        losses = super().training_step(batch)
        self.last = losses["loss"].item()
        return losses


class LeavesEvalMode(Honest):
    def training_step(self, batch):
        self.eval()
        return super().training_step(batch)


class DrawsFromTheGlobalState(Honest):
    def sample(self, n, *, labels, generator):
        return super().sample(n, labels=labels, generator=generator) + 0 * torch.rand(())


class IgnoresTheGenerator(Honest):
    def sample(self, n, *, labels, generator):
        return super().sample(n, labels=labels, generator=torch.Generator().manual_seed(0))


class RemembersTensors(Honest):
    def training_step(self, batch):
        self.seen = [*getattr(self, "seen", []), batch.data]
        return super().training_step(batch)


class KeepsStateOutsideItsBuffers(Honest):
    def training_step(self, batch):
        self.offset = getattr(self, "offset", 0.0) + 0.01
        return super().training_step(batch)

    def sample(self, n, *, labels, generator):
        return super().sample(n, labels=labels, generator=generator) * (1 - getattr(self, "offset", 0.0))


class GivesOneTooFew(Honest):
    def sample(self, n, *, labels, generator):
        return super().sample(n - 1, labels=labels, generator=generator)


class ReconstructsUndeclared(Honest):
    def reconstruct(self, x):
        return x


def spec_of(cls, **values):
    recipe = Recipe(length="10steps", batch_size=8)
    recipes = {"smoke": recipe, "standard": recipe, "paper": recipe}
    return ModelSpec(
        name="toy", summary="Toy", factory=f"{__name__}:{cls.__name__}", family="toy", recipes=recipes, **values
    )


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    importable(monkeypatch, __name__, globals())


def test_an_honest_model_passes_every_check():
    assert failures(model_checks(spec_of(Honest))) == {}


@pytest.mark.parametrize(
    ("cls", "check", "message"),
    [
        (KeepsItsGraph, "works with 8x8x1", "still holds its graph"),
        (Diverges, "works with 8x8x1", "loss 'loss' is nan"),
        (Unlearns, "learns", "loss went from"),
        (ForgetsAPart, "learns", "never changes ['idle']"),
        (ForgetsABias, "moves in fp32", "two steps under fp32 never move scale.bias"),
        (ForgetsABias, "moves in bf16", "two steps under bf16 never move scale.bias"),
        (DrawsOnTheCPU, "keeps to one device", "cpu"),
        (CopiesInAStep, "keeps to one device", "tensors on cpu and meta"),
        (ReadsALoss, "keeps to one device", "item"),
        (LeavesEvalMode, "keeps modes and random state", "training_step changes train/eval modes"),
        (DrawsFromTheGlobalState, "keeps modes and random state", "global random state"),
        (IgnoresTheGenerator, "repeats under a seed", "two generator seeds give the same samples"),
        (RemembersTensors, "leaves nothing behind", "steps leave tensors behind"),
        (KeepsStateOutsideItsBuffers, "comes back from a checkpoint", "a loaded model gives other samples"),
        (GivesOneTooFew, "works with 8x8x1", "returned 0 samples where 1 were asked for"),
        (ReconstructsUndeclared, "works with 8x8x1", "does not declare 'reconstructions'"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_broken_promise_is_found(cls, check, message):
    named = [one for one in model_checks(spec_of(cls)) if str(one) == f"toy: {check}"]
    assert message in failures(named)[f"toy: {check}"]


def test_a_declared_capability_without_its_method_is_found():
    (message,) = set(failures(model_checks(spec_of(Honest, capabilities=("latents",)))).values())
    assert message.startswith("the spec declares the capability 'latents', and the model has not the method encode")


def test_labels_that_change_nothing_are_found():
    found = failures(model_checks(spec_of(Honest, capabilities=("conditions",))))
    assert found == {"toy: makes what is asked for": "the spec declares 'conditions', and labels change nothing"}


def test_giving_more_than_is_held_out_is_found():
    assert "toy: gives no more than there is" in failures(model_checks(spec_of(Honest, finite=True)))


def test_every_size_and_channel_is_tried_where_the_spec_allows_it():
    names = [str(check) for check in model_checks(spec_of(Honest, min_size=28, max_size=32), exhaustive=True)]
    assert [name for name in names if "works with " in name] == [
        f"toy: works with {size}x{size}x{channels}" for size in (28, 32) for channels in (1, 3)
    ]
