"""What is set for plugins, held against what they declare."""

import pytest

from genharness.plugin.registry import load_registry
from genharness.study.settings import setting_errors, training_part


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def errors(registry, settings, *owners):
    specs = [kind[name] for name in owners for kind in registry.kinds.values() if name in kind]
    return setting_errors(settings, specs, registry)


def test_options_of_the_plugin_and_of_its_training_may_be_set(registry):
    assert errors(registry, {"vae": {"lr": "0.1", "batch_size": "7", "ema": "none"}}, "vae") == []


def test_what_is_not_trained_has_no_batch_size(registry):
    (error,) = errors(registry, {"real": {"batch_size": "7"}}, "real")
    assert "batch_size" in error


def test_every_mistake_is_told_at_once(registry):
    found = errors(registry, {"vae": {"lr": "-1", "batch_size": "0", "lattent": "3"}, "fid": {"k": "2"}}, "vae")
    assert len(found) == 4
    assert any("lattent" in error and "latent" in error for error in found)


def test_a_plugin_that_takes_no_part_is_told_from_one_that_does_not_exist(registry):
    assert errors(registry, {"dcgan": {"lr": "1"}}, "vae") == ["--set dcgan is not part of this run"]
    assert errors(registry, {"dcgna": {"lr": "1"}}) == ["--set dcgna: nothing is called so; did you mean 'dcgan'?"]
    assert errors(registry, {"qqqq": {"lr": "1"}}) == ["--set qqqq: nothing is called so"]


def test_training_options_are_told_from_the_models_own(registry):
    values = {"batch_size": 7, "mirror": True, "lr": 0.1}
    assert training_part(registry.models["vae"], values) == {"batch_size": 7, "mirror": True}
    assert training_part(registry.metrics["fid"], values) == {}
