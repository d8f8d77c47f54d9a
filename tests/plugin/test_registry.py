from pathlib import Path

import pytest

from genharness.errors import ConfigError, PluginError
from genharness.plugin.registry import entry_points, load_factory, load_registry
from genharness.spec.plugins import ExecutorSpec
from genharness.study.measuring import select

MODEL = """
from genharness import ModelSpec, Recipe, hookimpl

@hookimpl
def genharness_models():
    once = Recipe(length="0steps")
    recipes = {{"smoke": once, "standard": once, "paper": once}}
    return [ModelSpec(name={name!r}, summary="A test", factory={factory!r}, family="toy", recipes=recipes)]
"""


def model_source(name="toy", factory="nowhere:Toy"):
    return MODEL.format(name=name, factory=factory)


def problem_of(distribution):
    registry = load_registry()
    return next(str(one) for one in registry.problems if one.provider.distribution == distribution)


def test_the_built_in_plugins_come_through_entry_points_without_a_problem():
    registry = load_registry()
    assert not registry.problems
    assert {"dcgan", "vae", "wgan-gp", "real", "noise"} <= set(registry.models)
    assert registry.models.provider("dcgan").distribution == "genharness"


def test_a_strangers_model_is_found_and_attributed(make_plugin):
    make_plugin("toy-models", model_source(), version="2.5")
    assert str(load_registry().models.provider("toy")) == "toy-models 2.5"


def test_two_distributions_with_one_name_are_refused_by_both_names(make_plugin):
    make_plugin("first-toys", model_source())
    make_plugin("second-toys", model_source())
    with pytest.raises(PluginError, match=r"two plugins give a model 'toy': first-toys 1.0 and second-toys 1.0"):
        load_registry()


def test_doctor_and_list_can_look_at_a_duplicate(make_plugin):
    make_plugin("first-toys", model_source())
    make_plugin("second-toys", model_source())
    assert any("two plugins give" in str(problem) for problem in load_registry(tolerant=True).problems)


def test_a_plugin_that_cannot_be_imported_costs_only_itself(make_plugin):
    make_plugin("broken-toys", "import a_module_that_is_not_there")
    assert "a_module_that_is_not_there" in problem_of("broken-toys")
    assert "dcgan" in load_registry().models


def test_a_hook_that_raises_costs_only_its_plugin(make_plugin):
    make_plugin("raising", "from genharness import hookimpl\n@hookimpl\ndef genharness_models():\n    1 / 0\n")
    assert "ZeroDivisionError" in problem_of("raising")


def test_a_misspelt_hook_is_refused_with_the_right_name(make_plugin):
    make_plugin("misspelt", "from genharness import hookimpl\n@hookimpl\ndef genharness_modles():\n    return []\n")
    assert "genharness_modles is not a hook of genharness; did you mean 'genharness_models'?" in problem_of("misspelt")


def test_a_plugin_without_a_hook_is_refused(make_plugin):
    make_plugin("empty-plugin", "x = 1\n")
    assert "implements no hook" in problem_of("empty-plugin")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (model_source(name="Toy Model"), "must be lower-case"),
        (model_source(factory="nowhere"), "must read 'module:attribute'"),
        (model_source().replace('"paper": once', '"paperr": once'), "no recipe for paper"),
        (model_source().replace("0steps", "long"), "budget 'long' is none of"),
        (model_source().replace("[ModelSpec", "[1, ModelSpec"), "returned int where ModelSpec is expected"),
    ],
)
def test_a_spec_that_breaks_the_contract_is_refused_with_the_reason(make_plugin, source, reason):
    make_plugin("odd-toys", source)
    assert reason in problem_of("odd-toys")


DATASET = """
from dataclasses import dataclass
from genharness import DatasetSpec, hookimpl, option

@dataclass(frozen=True)
class Config:
    contrast: float = option(1.0, above=0, help="of the pictures")

@hookimpl
def genharness_datasets():
    return [DatasetSpec(name="stripes", summary="Ours", factory="nowhere:prepare", config=Config)]
"""


def test_options_of_a_dataset_are_refused_because_they_could_not_tell_its_cells_apart(make_plugin):
    make_plugin("stripe-data", DATASET)
    assert "stripes: a dataset takes no config: what varies stands in its name" in problem_of("stripe-data")


@pytest.mark.parametrize("folder", ["data", "downloads", "../results", "", "a/b", ".", "Data"])
def test_a_cache_that_is_no_folder_of_the_plugins_own_is_refused(make_plugin, folder):
    summary = f'summary="A test", caches=({folder!r},)'
    make_plugin("odd-toys", model_source().replace('summary="A test"', summary))
    assert "cannot be the name of a cache of its own" in problem_of("odd-toys")


def test_an_unknown_name_comes_with_the_nearest():
    with pytest.raises(ConfigError, match=r"unknown model 'dcgna'; did you mean 'dcgan'\?"):
        load_registry().models.find("dcgna")


def test_an_unknown_name_that_lies_here_comes_with_how_it_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-vae").mkdir()
    (tmp_path / "my-vae" / "pyproject.toml").write_text("")
    (tmp_path / "photos").mkdir()
    with pytest.raises(ConfigError, match=r"'my-vae'; if the package in the folder my-vae is meant: pip install -e my"):
        load_registry().models.find("my-vae")
    with pytest.raises(ConfigError, match=r"unknown dataset 'photos'; if what lies here is meant: folder:photos$"):
        load_registry().datasets.find("photos")
    for kind, other in [("models", "photos"), ("models", ""), ("models", "m" * 5000), ("datasets", "d" * 5000)]:
        with pytest.raises(ConfigError, match=f"unknown {kind[:-1]} '{other[:20]}[^;]*; (known|did you mean)"):
            getattr(load_registry(), kind).find(other)


def test_an_unknown_name_without_a_neighbour_comes_with_the_broken_plugin(make_plugin):
    make_plugin("broken-toys", "raise RuntimeError('no licence')")
    with pytest.raises(ConfigError, match=r"'broken-toys' of broken-toys 1.0 is broken: RuntimeError: no"):
        load_registry().models.find("zzzzzz")


@pytest.mark.parametrize("word", ["my-vae", "my-*"])
def test_a_broken_plugin_that_is_called_so_is_named_however_near_another_name_is(make_plugin, word):
    make_plugin("my-vae", "raise RuntimeError('no licence')")
    chosen, mistakes = select(load_registry().models, [word])
    assert not chosen
    assert "; plugin 'my-vae' of my-vae 1.0 is broken: RuntimeError: no licence" in mistakes[0]
    assert "did you mean" not in mistakes[0]


def test_a_factory_that_cannot_be_loaded_is_named():
    with pytest.raises(PluginError, match="cannot load 'nowhere:Toy'"):
        load_factory(ExecutorSpec(name="toy", summary="", factory="nowhere:Toy"))


def test_without_any_plugin_the_remedy_is_told(monkeypatch):
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [])
    with pytest.raises(PluginError, match="no plugins are installed"):
        load_registry()


def test_plugins_that_were_found_already_are_not_looked_for_again(monkeypatch):
    found = [entry for entry in entry_points() if entry.name.startswith("report")]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: pytest.fail("looked for"))
    registry = load_registry(found=found)
    assert {provider.plugin for provider in registry.providers} == {entry.name for entry in found}
    assert "table" in registry.reporters


def test_a_capability_that_nobody_knows_costs_its_plugin(make_plugin):
    make_plugin("able-toys", model_source().replace('family="toy"', 'family="toy", capabilities=("latent",)'))
    assert "toy: unknown capability 'latent'; did you mean 'latents'?" in problem_of("able-toys")


def test_a_need_that_nobody_knows_costs_its_plugin(make_plugin):
    source = """
from genharness import Column, MetricSpec, hookimpl

@hookimpl
def genharness_metrics():
    column = Column(key="odd", title="Odd")
    return [MetricSpec(name="odd", summary="", factory="a:b", columns=(column,), needs=("feature",))]
"""
    make_plugin("odd-metrics", source)
    assert "odd: unknown need 'feature'; did you mean 'features'?" in problem_of("odd-metrics")


METRIC = """
from genharness import Column, MetricSpec, hookimpl

@hookimpl
def genharness_metrics():
    return [MetricSpec(name="my-fid", summary="Shadows", factory="nowhere:Metric",
                       columns=(Column(key="own", title="Own"), Column(key="fid", title="FID")))]
"""


def test_a_metric_that_gives_anothers_column_is_refused_by_both_names(make_plugin):
    make_plugin("shadows", METRIC)
    with pytest.raises(
        PluginError, match=r"two metrics give a column 'fid': fid of genharness .* and my-fid of shadows"
    ):
        load_registry()
    registry = load_registry(tolerant=True)
    assert "my-fid" not in registry.metrics
    assert any("give a column 'fid'" in str(problem) for problem in registry.problems)


WANDERER = """
import os
from genharness import ReporterSpec, hookimpl
{0}

@hookimpl
def genharness_reporters():
    return [ReporterSpec(name="wanders", summary="Goes elsewhere", factory="wandering_heavy:render")]
"""


def test_a_plugin_that_goes_to_another_folder_takes_nobody_there(make_plugin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_plugin("wanderers", WANDERER.format("os.chdir('/')"))
    assert "it changed the working directory" in problem_of("wanderers")
    assert Path.cwd() == tmp_path


def test_so_does_the_heavy_part_of_one(make_plugin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_plugin("wanderers", WANDERER.format(""))
    (tmp_path / "wandering_heavy.py").write_text("import os\nos.chdir('/')\ndef render(board, options): return ''\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PluginError, match="wanders: 'wandering_heavy:render': it changed the working directory"):
        load_factory(load_registry().reporters.find("wanders"))
    assert Path.cwd() == tmp_path
