"""A suite's points of each model: grids, shared batch sizes, budgets, ablations, and what of them cannot be."""

import dataclasses
import time

import pytest

from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.study.plan import look_up
from genharness.study.points import chosen_models, points_of, size_errors, sweep_errors
from genharness.study.suite import Suite


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.fixture
def vae(registry):
    return registry.models["vae"]


def test_every_point_is_there_at_every_budget_and_reference_rows_once(registry, vae):
    suite = Suite(budget=("smoke", "10s"), sweep={"vae": {"latent": [2, 8]}}, batch_size=(32, 64))
    found = chosen_models([vae, registry.models["noise"]], suite)
    told = [(one.spec.name, one.budget, one.options.get("latent"), one.training.batch_size) for one in found]
    assert told[:-1] == [("vae", b, latent, n) for b in ("smoke", "10s") for n in (32, 64) for latent in (2, 8)]
    assert told[-1][:2] == ("noise", "smoke")


def test_a_batch_size_of_a_models_own_goes_before_that_of_all(vae):
    assert points_of(vae, Suite(set={"vae": {"batch_size": 7}}, batch_size=(32, 64))) == [{"batch_size": 7}]
    assert points_of(vae, Suite(batch_size=(32,))) == [{"batch_size": 32}]


@pytest.mark.parametrize(
    "own", [{"set": {"vae": {"batch_size": 7}}}, {"sweep": {"vae": {"batch_size": [32, 64]}}}], ids=["set", "sweep"]
)
def test_a_batch_size_of_all_that_reaches_no_model_is_refused(registry, vae, own):
    reference, other = registry.models["noise"], registry.models["ae"]
    (line,) = sweep_errors(Suite(batch_size=(16,), **own), [vae, reference], registry)
    assert line == "batch size 16 reaches no model: vae.batch_size is set or swept: leave one of them out"
    assert sweep_errors(Suite(batch_size=(16,), **own), [vae, reference, other], registry) == []
    assert sweep_errors(Suite(**own), [vae, reference], registry) == []


def test_an_ablation_stands_beside_a_grid_or_alone(vae):
    alone = points_of(vae, Suite(set={"vae": {"latent": 8}}, ablate={"vae": {"mirror": True}}))
    assert alone == [{"latent": 8}, {"latent": 8, "mirror": True}]
    both = points_of(vae, Suite(sweep={"vae": {"latent": [2, 8]}}, ablate={"vae": {"latent": [8, 4]}}))
    assert both == [{"latent": 2}, {"latent": 8}, {}, {"latent": 4}]


def test_a_change_that_changes_nothing_is_refused(vae):
    latent = chosen_models([vae], Suite())[0].options["latent"]
    with pytest.raises(ConfigError, match=rf"vae.latent={latent} changes nothing: the base has it at budget smoke"):
        chosen_models([vae], Suite(ablate={"vae": {"latent": latent}}))


def test_a_change_to_what_is_set_changes_nothing_however_it_is_written(vae):
    for value in (2e-3, "2e-3"):
        with pytest.raises(ConfigError, match=r"^ablate.vae.lr=0.002 changes nothing"):
            chosen_models([vae], Suite(set={"vae": {"lr": value}}, ablate={"vae": {"lr": [2e-3, 1e-3]}}))


def test_an_ablation_has_one_batch_size(vae):
    with pytest.raises(ConfigError, match=r"batch_size has several values, and an ablation one base: give it one"):
        points_of(vae, Suite(batch_size=(32, 64), ablate={"vae": {"latent": 8}}))


def test_a_point_that_cannot_be_is_named(registry):
    suite = Suite(
        sweep={"ddpm": {"T": [500, 1000], "lr": [1e-3, 1e-4], "zip": ["T", "lr"]}}, set={"ddpm": {"steps": 600}}
    )
    with pytest.raises(ConfigError) as caught:
        chosen_models([registry.models["ddpm"]], suite)
    (line,) = caught.value.lines
    assert line.endswith("(at T=500, lr=0.001)")


def test_every_mistake_of_every_model_is_told(registry, vae):
    suite = Suite(
        sweep={"vae": {"latent": []}, "noise": {"x": [1]}, "vea": {}, "dcgan": {"lr": [1]}},
        ablate={"vae": {"sigm": 1}, "fid": {"k": 1}},
    )
    lines = sweep_errors(suite, [vae, registry.models["noise"]], registry)
    assert [line.partition(" ")[0] for line in lines] == ["sweep", "sweep", "ablate", "vae.latent", "vae", "noise"]
    assert lines[0] == "sweep vea: nothing is called so; did you mean 'vae'?"
    assert lines[1] == "sweep dcgan is not part of this run"
    assert lines[2].startswith("ablate fid: that is one of the metrics, and only options of models vary in a study")


def test_more_cells_than_anybody_can_run_are_refused_before_they_are_made(registry, vae):
    latents = list(range(1, 4001))
    suite = Suite(sweep={"vae": {"latent": latents}}, datasets=("digits", "mnist"), seeds=tuple(range(100)))
    assert size_errors(suite, [vae]) == []
    assert size_errors(suite, [vae, registry.models["noise"]]) == []
    for more in ({"budget": ("1steps", "2steps")}, {"precision": ("fp32", "bf16")}):
        (line,) = size_errors(dataclasses.replace(suite, **more), [vae])
        assert line.startswith("1,600,000 cells are too many: at most 1,000,000 of all models, settings,")
    begin = time.process_time()
    with pytest.raises(ConfigError, match="400,000,000 cells are too many"):
        look_up(dataclasses.replace(suite, models=("vae",), baselines=False, seeds=tuple(range(50_000))), registry)
    assert time.process_time() - begin < 5


def test_past_a_number_of_points_that_cannot_be_the_rest_is_not_looked_at(registry):
    missing = Suite(sweep={"generator": {"checkpoint": [f"{one}.pt" for one in range(3000)]}})
    with pytest.raises(ConfigError) as caught:
        chosen_models([registry.models["generator"]], missing)
    assert 100 < len(caught.value.lines) < 200
