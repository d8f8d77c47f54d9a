"""Every built-in plugin keeps the contract."""

import pytest

from genharness.plugin.registry import load_registry
from genharness.testing import dataset_checks, extractor_checks, metric_checks, model_checks

REGISTRY = load_registry(tolerant=True)
MODELS = list(REGISTRY.models.values())


def marked(checks):
    return [pytest.param(check, marks=[pytest.mark.gpu] if check.gpu else [], id=str(check)) for check in checks]


@pytest.mark.parametrize("check", marked(model_checks(MODELS)))
def test_model(check):
    check()


@pytest.mark.slow
@pytest.mark.parametrize("check", marked(model_checks(MODELS, exhaustive=True)))
def test_model_at_every_size(check):
    check()


@pytest.mark.parametrize("check", marked(extractor_checks(REGISTRY.extractors.values())))
def test_extractor(check):
    check()


@pytest.mark.parametrize("check", marked(metric_checks(REGISTRY.metrics.values())))
def test_metric(check):
    check()


@pytest.mark.parametrize("check", marked(dataset_checks(REGISTRY.datasets.values())))
def test_dataset(check):
    check()
