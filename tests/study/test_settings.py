"""What is set for plugins: held against what they declare, and resolved."""

import pytest

from genharness.plugin.registry import load_registry
from genharness.study.settings import choose, choose_model, setting_errors


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def test_a_plugin_has_every_option_and_those_that_were_changed(registry):
    chosen = choose(registry.metrics["prdc"], {"prdc": {"k": "3"}, "kid": {"subsets": 9}})
    assert chosen.changed == {"k": 3}
    assert chosen.options["k"] == 3
    assert set(chosen.options) > set(chosen.changed)


def test_an_option_that_is_set_to_its_default_is_not_changed(registry):
    default = choose(registry.metrics["prdc"], {}).options["k"]
    assert choose(registry.metrics["prdc"], {"prdc": {"k": default}}).changed == {}


def test_a_model_takes_the_recipes_options_and_over_them_the_users(registry):
    spec = registry.models["dcgan"]
    recipe = spec.recipes["smoke"]
    plain = choose_model(spec, {}, "smoke")
    assert plain.options | dict(recipe.options) == plain.options
    assert (plain.training.batch_size, plain.training.ema) == (recipe.batch_size, recipe.ema)
    own = choose_model(spec, {"dcgan": {"lr": "0.5", "batch_size": "7"}}, "smoke")
    assert (own.options["lr"], own.training.batch_size) == (0.5, 7)
    assert "batch_size" not in own.options


def test_a_half_life_in_images_is_a_decay_that_goes_by_the_batch_size(registry):
    spec = registry.models["stylegan2"]
    assert spec.recipes["paper"].ema_kimg == 500
    for batch in (32, 64):
        chosen = choose_model(spec, {"stylegan2": {"batch_size": batch}}, "paper")
        assert chosen.training.ema ** (500_000 / batch) == pytest.approx(0.5)
    assert choose_model(spec, {"stylegan2": {"ema": "0.5"}}, "paper").training.ema == 0.5
    assert choose_model(spec, {"stylegan2": {"ema": "none"}}, "paper").training.ema is None


def test_a_length_takes_the_standard_recipe(registry):
    spec = registry.models["dcgan"]
    assert choose_model(spec, {}, "7epochs").recipe == spec.recipes["standard"]


def test_only_models_that_are_trained_can_be_told_how(registry):
    settings = {"vae": {"batch_size": 8}, "noise": {"batch_size": 8}}
    owners = [registry.models["vae"], registry.models["noise"]]
    assert setting_errors(settings, owners, registry) == ["noise has no option 'batch_size'"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dcgan", "--set dcgan is not part of this run"),
        ("dcgna", "--set dcgna: nothing is called so; did you mean 'dcgan'?"),
        ("zzzz", "--set zzzz: nothing is called so"),
    ],
)
def test_settings_of_nobody_who_takes_part_are_refused(registry, name, message):
    assert setting_errors({name: {"lr": 1}}, [registry.models["vae"]], registry) == [message]


def test_options_of_a_model_and_of_its_training_may_be_set(registry):
    settings = {"vae": {"lr": "0.1", "batch_size": "7", "ema": "none"}}
    assert setting_errors(settings, [registry.models["vae"]], registry) == []


def test_every_mistake_of_every_owner_is_told_at_once(registry):
    settings = {"vae": {"lr": "-1", "batch_size": "0", "lattent": "3"}, "fid": {"k": "2"}}
    found = setting_errors(settings, [registry.models["vae"]], registry)
    assert len(found) == 4
    assert any("lattent" in error and "latent" in error for error in found)
