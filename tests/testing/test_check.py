"""The conformance checks find what is wrong with a model: each test breaks one promise."""

import dataclasses
import unittest
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from genharness import ExtractorSpec, MetricSpec, ModelSpec, NoOptions, Recipe
from genharness.kit import Extracted, Extractor, GenerativeModel
from genharness.spec.plugins import Column
from genharness.testing import ConformanceError, extractor_checks, metric_checks, model_checks
from genharness.testing.check import Check


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
    """Under importlib mode a test module is not in sys.modules, where a factory is looked up."""
    import sys

    module = type(sys)(__name__)
    module.__dict__.update(globals())
    monkeypatch.setitem(sys.modules, __name__, module)


def failures(checks):
    """Return the message of every check that fails, by the name of the check."""
    found = {}
    for check in checks:
        try:
            check()
        except unittest.SkipTest:
            continue
        except Exception as error:
            found[str(check)] = str(error)
    return found


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


def test_a_check_that_cannot_be_run_is_skipped_with_its_reason():
    check = Check("toy", lambda: None, skip_reason=lambda: "no weights")
    with pytest.raises(unittest.SkipTest, match="no weights"):
        check()


class MeanColours(Extractor):
    identity = "mean"

    def extract(self, samples):
        return Extracted(samples.reshape(len(samples), -1, 4).mean(2).astype("float32"))


class CentresOnTheBatch(MeanColours):
    def extract(self, samples):
        features = super().extract(samples).features
        return Extracted(features - features.mean(0))


@pytest.mark.parametrize(("cls", "broken"), [(MeanColours, False), (CentresOnTheBatch, True)])
def test_features_that_depend_on_the_batch_are_found(cls, broken):
    spec = ExtractorSpec(name="toy", summary="Toy", factory=f"{__name__}:{cls.__name__}")
    found = failures(extractor_checks(spec))
    assert found == ({"toy: extracts images": "features depend on how samples are batched"} if broken else {})


@dataclass
class Brightness:
    config: NoOptions

    def compute(self, evaluation):
        return {"brightness": float(evaluation.fake_images().mean())}


@pytest.mark.parametrize(("key", "broken"), [("brightness", False), ("contrast", True)])
def test_a_number_that_is_no_column_is_found(key, broken):
    columns = (Column(key=key, title="B"),)
    spec = MetricSpec(name="toy", summary="Toy", factory=f"{__name__}:Brightness", columns=columns)
    expected = {"toy: scores image data": "compute gives ['brightness'], and its columns are ['contrast']"}
    assert failures(metric_checks(spec)) == (expected if broken else {})


@pytest.mark.parametrize(
    ("share", "higher", "message"),
    [
        (0.5, True, ""),
        (1.5, True, "brightness: collapse_below=1.5 is no share between 0 and 1"),
        (0.0, True, "brightness: collapse_below=0 is no share between 0 and 1"),
        (0.5, False, "brightness: collapse_below wants a score that is better when higher"),
        (0.5, None, "brightness: collapse_below wants a score that is better when higher"),
    ],
)
def test_a_share_that_cannot_tell_collapse_is_found(share, higher, message):
    columns = (Column(key="brightness", title="B", higher_is_better=higher, collapse_below=share),)
    spec = MetricSpec(name="toy", summary="Toy", factory=f"{__name__}:Brightness", columns=columns)
    expected = {"toy: says when a score tells collapse": message}
    assert failures(metric_checks(spec)) == (expected if message else {})


def test_conformance_errors_are_assertion_errors():
    assert issubclass(ConformanceError, AssertionError)
