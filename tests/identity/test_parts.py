"""Which code stands behind what: each kind of part follows its own rooms, and what only steers is behind none."""

import dataclasses
from pathlib import Path

import pytest

import genharness.engine
from genharness import ExtractorSpec, MetricSpec, ModelSpec, NoOptions, PluginError, option
from genharness.identity.closure import Reach, code_of
from genharness.identity.parts import STEERING, code_behind, core_code, drawing_code, part_code
from genharness.identity.sources import find_source
from genharness.plugin.registry import load_registry

CORE = Path(genharness.engine.__file__).parents[1]


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def modules(registry, kind, name):
    return set(part_code(getattr(registry, kind).find(name), "genharness").modules)


def test_a_model_stands_on_its_networks_and_not_on_its_siblings(registry):
    found = modules(registry, "models", "wgan")
    assert {"genharness_model_gan.wgan", "genharness_model_gan.losses", "genharness.kit.model"} - found == {
        "genharness_model_gan.losses"
    }
    assert not {"genharness_model_gan", "genharness_model_gan.acgan", "genharness_model_gan.sngan"} & found


def test_a_metric_stands_on_its_maths_and_on_what_it_is_given(registry):
    found = modules(registry, "metrics", "kid")
    assert {"genharness_metric_kid.kid", "genharness.functional.kid", "genharness.measure.evaluation"} <= found
    assert not {"genharness.functional.prdc", "genharness.functional.frechet"} & found


def test_an_extractor_stands_on_its_network_and_resizing(registry):
    found = modules(registry, "extractors", "inception")
    assert {"genharness_features_inception.network", "genharness.kit.resize_conventions"} <= found
    assert not {"genharness.kit.model", "genharness.measure.feature_cache"} & found


def test_a_dataset_stands_on_what_reads_and_writes_it(registry):
    found = modules(registry, "datasets", "folder")
    assert {"genharness_data_files.pictures", "genharness.images.decode", "genharness.data.writer"} <= found
    assert "genharness.kit.model" not in found


@pytest.mark.parametrize("kind", ["models", "metrics", "extractors", "datasets"])
def test_every_built_in_part_has_code_that_can_be_read(registry, kind):
    for name, spec in getattr(registry, kind).items():
        found = part_code(spec, "genharness")
        assert found.opaque == ()
        assert spec.factory.partition(":")[0] in found.modules, name
        assert not STEERING & set(found.modules)


def test_rooms_that_show_and_steer_are_behind_nothing(registry):
    everything = {
        module
        for kind in ("models", "metrics", "extractors", "datasets")
        for spec in getattr(registry, kind).values()
        for module in part_code(spec).modules
    }
    everything |= {module for what in ("training", "sampling", "decoding") for module in core_code(what).modules}
    rooms = {module.split(".")[1] for module in everything if module.startswith("genharness.")}
    assert not rooms & {
        "cli",
        "board",
        "results",
        "plugin",
        "study",
        "cells",
        "external",
        "verify",
        "testing",
        "stats",
        "identity",
    }


def test_every_module_of_the_engine_trains_samples_or_steers():
    """A new module of the engine is put into one of the lists, or its changes would go unseen."""
    known = {module for what in ("training", "sampling") for module in core_code(what).modules} | STEERING
    paths = [path for path in (CORE / "engine").rglob("*.py") if path.stem != "__init__"]
    files = {".".join(("genharness", *path.relative_to(CORE).with_suffix("").parts)) for path in paths}
    assert files <= known, "name it in genharness.identity.parts: does it train, sample, or only steer and count?"


def test_what_is_said_to_steer_exists():
    assert all(find_source(module) is not None for module in STEERING)


def test_sampling_is_no_part_of_training():
    assert "genharness.engine.sampler" not in core_code("training").modules


def test_what_only_draws_is_no_part_of_a_model_and_has_a_digest_of_its_own(registry):
    for name in ("ddpm", "edm", "flow-matching"):
        draws = registry.models[name].draws
        assert {"genharness_model_diffusion.sampling", "genharness.kit.solvers"} == set(draws)
        assert not set(draws) & modules(registry, "models", name)
        assert "genharness.kit.unet" in modules(registry, "models", name)
        assert len(drawing_code(registry, name)) == 16
    assert drawing_code(registry, "vae") == ""


def test_modules_that_draw_and_are_not_there_are_the_plugins_mistake(registry, monkeypatch):
    wrong = dataclasses.replace(registry.models["vae"], draws=("no_such_module",))
    monkeypatch.setattr(type(registry.models), "find", lambda self, name: wrong)
    with pytest.raises(PluginError, match="vae: what it draws samples with cannot be found"):
        drawing_code(registry, "vae")


@dataclasses.dataclass(frozen=True)
class Computing:
    """A Config that does more than hold options."""

    width: int = option(8, help="width")

    @property
    def double(self):
        return 2 * self.width


@pytest.fixture
def acme(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "acme_part.py").write_text("X = 1")
    (tmp_path / "acme_config.py").write_text("Y = 1")
    return tmp_path


def model(config=NoOptions):
    return ModelSpec(name="acme", summary="", factory="acme_part:X", config=config, family="a", recipes={})


def test_options_alone_are_no_code(acme):
    @dataclasses.dataclass(frozen=True)
    class Options:
        width: int = option(8, help="width")

    Options.__module__ = "acme_config"
    assert part_code(model(Options)).modules == ("acme_part",)


def test_a_config_that_computes_counts_with_its_module(acme, monkeypatch):
    monkeypatch.setattr(Computing, "__module__", "acme_config")
    assert part_code(model(Computing)).modules == ("acme_config", "acme_part")


def test_a_part_whose_module_is_missing_is_named():
    spec = ModelSpec(name="acme", summary="", factory="no_such_module:X", family="a", recipes={})
    with pytest.raises(PluginError, match="acme: cannot load 'no_such_module:X': there is no module no_such_module"):
        part_code(spec)


def test_a_module_knows_the_code_that_it_stands_on(acme):
    before = code_behind("acme_part")
    assert before == code_of(["acme_part"], Reach()).digest
    (acme / "acme_part.py").write_text("X = 2")
    assert code_behind("acme_part") != before


def test_a_metric_and_an_extractor_of_one_module_differ_by_what_they_are_built_into(acme):
    metric = MetricSpec(name="acme", summary="", factory="acme_part:X", columns=())
    extractor = ExtractorSpec(name="acme", summary="", factory="acme_part:X")
    assert part_code(metric).digest != part_code(extractor).digest
