"""`genharness info`: a plugin explained without its heavy part."""

import json

import pytest
from click.testing import CliRunner

from genharness.cli.info import info
from genharness.errors import ConfigError
from genharness.identity.parts import registered_code
from genharness.plugin.registry import load_registry
from genharness.spec.options import options_of
from genharness.study.settings import TrainingOptions


def explained(name):
    done = CliRunner(env={"COLUMNS": "200"}).invoke(info, [name])
    if done.exception:
        raise done.exception
    return done.stdout


def facts(text):
    """Return the words after the first of each line, by the first."""
    return {line.split()[0]: " ".join(line.split()[1:]) for line in text.splitlines() if len(line.split()) > 1}


def test_a_model_says_what_it_can_in_the_words_of_the_table():
    assert (
        facts(explained("vae-gmm"))["can"]
        == "reconstruct, encode, decode, likelihood (bound), divergence from the prior"
    )
    assert facts(explained("acgan"))["can"] == "decode, sample a class that is asked for, needs labels"
    assert facts(explained("dcgan"))["can"] == "decode, sample a class that is asked for (conditional)"
    assert facts(explained("sngan"))["can"] == "decode"


@pytest.mark.parametrize("name", ["vae", "real"])
def test_only_a_trained_model_has_training_options(name):
    text = explained(name)
    trained = load_registry().models[name].trained
    assert ("batch_size" in text) == ("mirror" in text) == trained


def test_every_option_is_there_with_its_bounds():
    lines = [line.split() for line in explained("vae").splitlines()]
    latent = next(line for line in lines if line[:1] == ["latent"])
    assert latent[1:3] == ["int", "16"]
    assert ">=" in latent
    assert hasattr(TrainingOptions, "batch_size")


@pytest.mark.parametrize("width", [40, 60, 80])
def test_lengths_and_defaults_are_whole_in_narrow_terminals(width):
    said = CliRunner(env={"COLUMNS": str(width)}).invoke(info, ["dcgan"]).output
    spec = load_registry().models["dcgan"]
    assert "…" not in said
    assert max(map(len, said.splitlines())) <= width
    words = said.replace(",", " ").split()
    assert {recipe.length for recipe in spec.recipes.values()} <= set(words)
    for one in options_of(spec.config):
        assert {one.name, "none" if one.default is None else str(one.default)} <= set(words)


def test_options_that_training_does_not_read_are_told_apart():
    lines = [line.split() for line in explained("ddpm").splitlines()]
    stages = {line[0]: line[3] for line in lines if line[1:2] and line[1] in ("int", "float", "str", "bool")}
    assert (stages["steps"], stages["sampler"], stages["lr"], stages["batch_size"]) == (*["sample"] * 2, *["train"] * 2)


@pytest.mark.parametrize("name", ["prdc", "digits", "inception", "local", "table"])
def test_plugins_of_every_kind_are_explained(name):
    first, second, *_ = explained(name).splitlines()
    assert first.startswith(f"{name}  ")
    assert second


def test_a_metric_names_its_columns_and_what_it_needs():
    text = explained("reconstruction")
    assert facts(text)["needs"] == "reconstructions"
    assert facts(text)["psnr"].endswith("higher")


def test_a_misspelt_name_comes_with_the_nearest():
    with pytest.raises(ConfigError, match="nothing is called 'dcgna'; did you mean 'dcgan'"):
        explained("dcgna")


def test_the_code_behind_what_results_are_made_of_is_told():
    digest = registered_code(load_registry().models, "vae").digest
    assert facts(explained("vae"))["code"].startswith(f"{digest}, of ")
    assert "code" not in facts(explained("local"))


@pytest.mark.parametrize("name", ["vae", "digits", "inception", "fid", "local", "table", "jsonl"])
def test_a_plugin_of_every_kind_is_told_as_json(name):
    done = CliRunner().invoke(info, [name, "--format", "json"])
    (told,) = [one for one in json.loads(done.stdout) if one["name"] == name]
    assert told["package"] == "genharness"
    kind = next(kind for kind in load_registry().kinds.values() if kind.word == told["kind"])
    assert [one["name"] for one in told["options"]] == [one.name for one in options_of(kind[name].config)]
    if name == "vae":
        assert set(told["recipes"]) == {"smoke", "standard", "paper"}
        assert told["code"].startswith(registered_code(kind, name).digest)


def test_keys_of_a_suite_are_json_too(genharness):
    keys = json.loads(genharness("info", "suite", "--format", "json").stdout)
    assert {"extends", "models", "seeds", "budget"} <= {one["key"] for one in keys}
    assert all(one["meaning"] for one in keys)
