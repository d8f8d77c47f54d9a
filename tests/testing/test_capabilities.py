"""The checks of what a model can do beside sampling."""

import pytest
import torch

from conformance import importable
from genharness import ModelSpec, Recipe
from genharness.kit import GenerativeModel
from genharness.spec.capabilities import CAPABILITIES
from genharness.testing import ConformanceError
from genharness.testing.capabilities import _PROMISES, check_capabilities
from genharness.testing.rig import Rig
from genharness.testing.synthetic import synthetic_data

ALL = ("reconstructions", "latents", "decoder", "likelihood:bound", "kl_to_prior")


class Able(GenerativeModel):
    def sample(self, n, *, labels, generator):
        return torch.zeros(n, *self.data.shape)

    def reconstruct(self, x):
        return x

    normal_latents = True

    def encode(self, x):
        return x.flatten(1)

    def draw_latents(self, n, *, labels, generator):
        return torch.randn(n, 2, generator=generator)

    def decode_latents(self, latents, labels):
        return latents[:, :1].sigmoid().view(-1, 1, 1, 1).expand(-1, *self.data.shape)

    def bits_per_dim(self, x):
        return x.flatten(1).mean(1)

    def kl_to_prior(self, x):
        return x.flatten(1).var(1)


class CodesAreMaps(Able):
    def encode(self, x):
        return x


class DrawsMaps(Able):
    def draw_latents(self, n, *, labels, generator):
        return torch.randn(n, 2, 2, generator=generator)


class DecodesToRows(Able):
    def decode_latents(self, latents, labels):
        return latents


class DecodesAnew(Able):
    def decode_latents(self, latents, labels):
        return torch.rand(len(latents), *self.data.shape)


class DecodesTooFar(Able):
    def decode_latents(self, latents, labels):
        return torch.full((len(latents), *self.data.shape), 2.0)


class DrawsNothing(Able):
    draw_latents = None
    normal_latents = property()


class CutsPictures(Able):
    def reconstruct(self, x):
        return x[..., 1:]


class LeavesTheRange(Able):
    def reconstruct(self, x):
        return 2 * x


class OneNumberForAll(Able):
    def bits_per_dim(self, x):
        return x.mean()


class Undefined(Able):
    def kl_to_prior(self, x):
        return x.flatten(1).mean(1) * float("nan")


class Dice(Able):
    def bits_per_dim(self, x):
        return torch.rand(len(x))


class StraysOnTheWay(Able):
    def interpolate(self, rows, columns, *, generator):
        return torch.full((rows * columns, *self.data.shape), 3.0)


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    importable(monkeypatch, __name__, globals())


def check(cls, capabilities=ALL):
    recipes = dict.fromkeys(("smoke", "standard", "paper"), Recipe(length="0steps"))
    factory = f"{__name__}:{cls.__name__}"
    spec = ModelSpec(name="toy", summary="", factory=factory, family="toy", recipes=recipes, capabilities=capabilities)
    rig = Rig(spec, synthetic_data())
    check_capabilities(rig, rig.fitted())


def test_a_model_that_keeps_its_promises_passes():
    check(Able)


def test_every_capability_with_a_method_is_checked():
    assert {capability.name for capability in CAPABILITIES.values() if capability.method} == _PROMISES.keys()


@pytest.mark.parametrize("missing", ALL)
def test_a_capability_that_is_not_declared_is_found(missing):
    with pytest.raises(ConformanceError, match=f"does not declare '{missing.partition(':')[0]}'"):
        check(Able, tuple(one for one in ALL if one != missing))


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (CutsPictures, "reconstruct changes the shape"),
        (LeavesTheRange, r"reconstruct leaves \[-1, 1\]"),
        (CodesAreMaps, r"encode has shape \(3, 1, 8, 8\): it must be \(n, latent\)"),
        (DrawsMaps, r"draw_latents has shape \(3, 2, 2\): it must be \(n, latent\)"),
        (DecodesToRows, r"decode_latents has shape \(3, 2\): samples are \(3, 1, 8, 8\)"),
        (DecodesAnew, "decode_latents differs from call to call"),
        (DecodesTooFar, r"decode_latents leaves \[-1, 1\]"),
        (DrawsNothing, "decode_latents wants draw_latents and normal_latents beside it"),
        (OneNumberForAll, r"bits_per_dim has shape \(\): it must be \(n,\)"),
        (Undefined, "kl_to_prior is not finite"),
        (Dice, "bits_per_dim differs from call to call"),
        (StraysOnTheWay, r"interpolate leaves \[-1, 1\]"),
    ],
)
def test_a_promise_that_is_broken_is_found(cls, message):
    with pytest.raises(ConformanceError, match=message):
        check(cls)
