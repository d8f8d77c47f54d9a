"""Every built-in plugin keeps the contract."""

import dataclasses
import unittest

import pytest

from genharness.plugin.registry import load_registry
from genharness.spec.options import options_of
from genharness.testing import dataset_checks, extractor_checks, metric_checks, model_checks

REGISTRY = load_registry(tolerant=True)
MODELS = list(REGISTRY.models.values())
TRAINS = "cas: s"
"""What a metric does that trains a dozen classifiers for it."""


QUICK = {"gan", "dcgan", "wgan-gp", "vae", "vq-vae", "ddpm", "realnvp", "pixelcnn"}
"""Trained models that the default run checks: one of each kind of training; the others take half a minute each."""

TINY = {
    "ddpm": {"ch": 8, "mult": (1, 2), "blocks": 1},
    "realnvp": {"features": 4, "scales": 1},
    "pixelcnn": {"width": 8, "layers": 2},
}
"""Options of networks that keep the contract as those of the recipes do, in a tenth of the time."""


def tiny(spec):
    """Return a spec whose smoke recipe has a tiny network; `test_model_at_every_size` takes the recipe's own."""
    smoke = spec.recipes["smoke"]
    smaller = dataclasses.replace(smoke, options={**smoke.options, **TINY.get(spec.name, {})})
    return dataclasses.replace(spec, recipes={**spec.recipes, "smoke": smaller})


def marked(checks, slow=frozenset()):
    marks = {False: [], True: [pytest.mark.slow]}
    return [
        pytest.param(check, marks=marks[name in slow] + [pytest.mark.gpu] * check.gpu, id=str(check))
        for check in checks
        for name in [str(check).partition(":")[0].removesuffix(" with classes")]
    ]


@pytest.mark.parametrize(
    "check", marked(model_checks(map(tiny, MODELS)), {one.name for one in MODELS if one.trained} - QUICK)
)
def test_model(check):
    check()


@pytest.mark.slow
@pytest.mark.parametrize("check", marked(model_checks(MODELS, exhaustive=True)))
def test_model_at_every_size(check):
    check()


@pytest.mark.parametrize("check", marked(extractor_checks(REGISTRY.extractors.values())))
def test_extractor(check):
    check()


METRICS = metric_checks(REGISTRY.metrics.values())


@pytest.mark.parametrize("check", marked(check for check in METRICS if not str(check).startswith(TRAINS)))
def test_metric(check):
    check()


@pytest.mark.slow
@pytest.mark.parametrize("check", marked(check for check in METRICS if str(check).startswith(TRAINS)))
def test_metric_that_trains(check):
    check()


@pytest.mark.parametrize("check", marked(dataset_checks(REGISTRY.datasets.values())))
def test_dataset(check):
    check()


@pytest.mark.parametrize("kind", list(REGISTRY.kinds))
def test_every_number_that_can_be_set_has_both_ends(kind):
    declared = [(spec.name, one) for spec in REGISTRY.kinds[kind].values() for one in options_of(spec.config)]
    numbers = [
        (name, one) for name, one in declared if one.type in (int, float) or (one.type, one.item) == (tuple, int)
    ]
    numbers = [(name, one) for name, one in numbers if not one.choices]
    closed = [one.high is not None and (one.low is not None or one.above is not None) for _, one in numbers]
    assert [f"{name}.{one.name}" for (name, one), both in zip(numbers, closed, strict=True) if not both] == []


def test_a_model_that_lacks_its_argument_is_not_built_and_says_what_is_checked_instead():
    (check,) = model_checks(REGISTRY.models["generator"])
    with pytest.raises(unittest.SkipTest, match=r"check spec\.given"):
        check()
