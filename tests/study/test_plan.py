import dataclasses
import re

import pytest

from genharness.errors import ConfigError, PluginError
from genharness.plugin.registry import load_registry
from genharness.spec.cell import Cell, Settings
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.plugins import DatasetSpec, DataShape
from genharness.spec.published import published_name
from genharness.study.plan import expand, look_up
from genharness.study.suite import Suite

FACTS = {
    "digits": DatasetFacts(
        reference="digits",
        spec_name="digits",
        shape=DataShape("image", (1, 8, 8), 10, 1258),
        counts={"train": 1258, "test": 539},
        class_names=tuple("0123456789"),
    ),
    "pictures": DatasetFacts(
        reference="pictures",
        spec_name="digits",
        shape=DataShape("image", (3, 32, 32), 0, 100),
        counts={"train": 100, "test": 20},
        class_names=(),
    ),
    "rays": DatasetFacts(
        reference="rays",
        spec_name="digits",
        shape=DataShape("image", (1, 128, 128), 0, 500),
        counts={"train": 500, "test": 100},
        class_names=(),
    ),
    "table": DatasetFacts(
        reference="table",
        spec_name="breast-cancer",
        shape=DataShape("tabular", (30,), 2, 400),
        counts={"train": 400, "test": 169},
        class_names=("a", "b"),
    ),
}


@pytest.fixture
def registry():
    """What is installed, and datasets of all kinds."""
    registry = load_registry()
    for name in set(FACTS) - set(registry.datasets):
        spec = DatasetSpec(name=name, summary="A test", factory="nowhere:prepare")
        registry.datasets.add(spec, registry.datasets.provider("digits"))
    return registry


@pytest.fixture
def planned(tmp_path, registry):
    def plan(**changes):
        suite = Suite(**{"models": ("vae",), "datasets": ("digits",), "baselines": False, **changes})
        return expand(suite, registry, Settings(results=tmp_path), FACTS.__getitem__)

    return plan


def messages(planned, **changes):
    with pytest.raises(ConfigError) as caught:
        planned(**changes)
    return str(caught.value).splitlines()


def test_every_models_first_seed_comes_first(planned):
    cells = [task.cell for task in planned(models=("vae", "dcgan"), seeds=(0, 1)).tasks]
    assert [(cell.seed, cell.model) for cell in cells] == [(0, "vae"), (0, "dcgan"), (1, "vae"), (1, "dcgan")]


def test_a_model_that_needs_an_argument_is_refused_without_one(planned):
    with pytest.raises(ConfigError, match="generator needs what it is of: name it as generator:SOURCE"):
        planned(models=("generator",))


def test_all_means_every_compatible_model_and_the_others_are_shown_with_their_reason(planned):
    plan = planned(models=("all",), datasets=("table",))
    chosen, skipped = {task.cell.model for task in plan.tasks}, {skip.model: skip.reason for skip in plan.skips}
    named_only = {"generator"}  # it needs something behind the name
    assert chosen | set(skipped) == set(load_registry().models) - named_only
    assert not chosen & set(skipped)
    assert "table is tabular" in skipped["dcgan"]


def test_a_pattern_chooses_by_name(planned):
    assert {task.cell.model for task in planned(models=("*gan",)).tasks} >= {"dcgan", "sngan"}


def test_all_mistakes_are_told_at_once(planned):
    lines = messages(
        planned, models=("dcgna",), metrics=("fidd",), budget="smok", features="clasifier", set={"nobody": {"x": 1}}
    )
    text = "\n".join(lines)
    assert len(lines) == 5
    for hint in ("'dcgan'", "'fid'", "'smoke'", "'classifier'"):
        assert f"did you mean {hint}?" in text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vae": {"latnt": 3}}, "vae has no option 'latnt'; did you mean 'latent'?"),
        ({"vae": {"batchsize": 3}}, "vae has no option 'batchsize'; did you mean 'batch_size'?"),
        ({"vae": {"precision": "bf16"}}, "vae has no option 'precision': precision is an option of the whole run"),
        ({"vae": {"latent": 0}}, "vae.latent=0 is out of range"),
        ({"vae": {"latent": "many"}}, "vae.latent=many is not a whole number"),
        ({"vae": {"batch_size": 0}}, "vae.batch_size=0 is out of range"),
        ({"dcgan": {"lr": 1e-3}}, "--set dcgan is not part of this run"),
        ({"prdc": {"k": 0}}, "prdc.k=0 is out of range"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(planned, settings, message):
    assert any(message in line for line in messages(planned, set=settings))


def test_a_batch_larger_than_the_data_is_refused(planned):
    lines = messages(planned, set={"vae": {"batch_size": 2000}})
    assert "batch of 2000 is larger than the 1,258 training samples" in lines[0]


def test_balanced_batches_without_classes_are_refused(planned):
    errors = messages(
        planned, models=("dcgan",), datasets=("pictures",), set={"dcgan": {"balanced": True}}, features="pixels"
    )
    assert errors == ["dcgan on pictures: dcgan.balanced needs classes to balance, and pictures has none"]


def test_a_conditional_model_without_labels_is_refused(planned):
    lines = messages(planned, models=("acgan",), datasets=("pictures",), features="classifier")
    assert any("trained on class labels" in line for line in lines)


def test_a_named_model_that_fits_no_dataset_is_refused_and_one_that_fits_some_is_skipped(planned):
    assert "makes image data, and table is tabular" in messages(planned, models=("dcgan",), datasets=("table",))[0]
    plan = planned(models=("dcgan", "vae"), datasets=("digits", "table"))
    assert [(skip.model, skip.dataset) for skip in plan.skips] == [("dcgan", "table")]


def test_models_that_are_named_get_the_baselines_beside_them(planned):
    def names(**changes):
        return [task.cell.model for task in planned(**changes).tasks]

    assert names(baselines=True) == ["vae", "real", "noise"]
    assert names(baselines=True, models=("noise", "vae")) == ["noise", "vae", "real"]
    assert names() == ["vae"]


def test_a_baseline_that_does_not_fit_costs_the_named_models_nothing(planned):
    plan = planned(baselines=True, models=("class-gmm",), datasets=("digits", "table"))
    assert {task.cell.model for task in plan.tasks} == {"class-gmm", "real", "noise"}


def test_published_settings_are_one_switch(planned):
    protocol = planned(protocol="published", budget="paper").tasks[0].cell.protocol
    assert published_name(protocol) == "published"
    assert (protocol.extractor, protocol.resize, protocol.sample_count) == ("inception", "legacy-tf", 50_000)


def test_what_contradicts_published_settings_is_refused(planned):
    lines = messages(planned, protocol="published", samples=100, features="pixels")
    assert "protocol published has features inception, and pixels was asked for: leave one of them out" in lines
    assert "protocol published has samples 50,000, and 100 was asked for: leave one of them out" in lines
    assert planned(protocol="published-10k", samples=10_000).tasks[0].cell.protocol.sample_count == 10_000


def test_the_held_out_row_is_planned_where_it_has_fewer_than_the_protocol_asks_for(planned):
    assert planned(models=("real",), samples=600).tasks[0].cell.protocol.sample_count == 600
    assert planned(models=("real",)).tasks[0].cell.protocol.sample_count == 539


def test_metrics_that_a_model_cannot_have_carry_their_reason(planned):
    task = planned(models=("dcgan",), metrics=("fid", "reconstruction")).tasks[0]
    assert list(task.metrics) == ["fid"]
    assert task.skipped == {"reconstruction": "dcgan gives no reconstructions"}


def test_a_length_trains_the_standard_recipe_for_so_long(planned):
    recipe = load_registry().models["vae"].recipes["standard"]
    cell = planned(budget="7epochs").tasks[0].cell
    assert (cell.length, cell.batch_size) == ("7epochs", recipe.batch_size)


@pytest.mark.parametrize(
    ("dataset", "budget", "length"),
    [
        ("pictures", "smoke", "1500steps"),
        ("rays", "smoke", "94steps"),
        ("rays", "standard", "20000steps"),
        ("rays", "800steps", "800steps"),
    ],
)
def test_a_smoke_budget_takes_fewer_steps_of_large_images_in_proportion_to_their_pixels(
    planned, dataset, budget, length
):
    assert (
        planned(models=("dcgan",), datasets=(dataset,), budget=budget, features="pixels").tasks[0].cell.length == length
    )


@pytest.mark.parametrize(
    ("name", "budget", "taken"),
    [
        ("scans", "smoke", "scans@16"),
        ("scans@grey", "smoke", "scans@16:grey"),
        ("scans@64", "smoke", "scans@64"),  # the size that was asked for
        ("scans", "standard", "scans"),
        ("scans", "100steps", "scans"),
        ("scans", ("smoke", "standard"), "scans"),  # both in one table
    ],
)
def test_smoke_runs_take_large_pictures_at_a_size_that_they_can_learn(tmp_path, registry, name, budget, taken):
    spec = DatasetSpec(name="scans", summary="A test", factory="nowhere:prepare", smoke_side=16)
    registry.datasets.add(spec, registry.datasets.provider("digits"))
    suite = Suite(models=("vae",), datasets=(name,), baselines=False, budget=budget)
    asked = []
    plan = expand(suite, registry, Settings(results=tmp_path), lambda one: asked.append(one) or FACTS["digits"])
    assert asked == [taken]
    told = [note for note in plan.notes if "which a smoke run can learn: scans@SIZE asks for another size" in note]
    assert bool(told) == (taken != name)


@pytest.mark.parametrize("fields", [{"smoke_side": 2}, {"smoke_side": 5000}, {"smoke_side": 8, "modality": "tabular"}])
def test_a_smoke_side_that_is_none_is_refused(fields):
    with pytest.raises(PluginError, match="is no side of images in pixels, 4 to 1024"):
        DatasetSpec(name="scans", summary="A test", factory="nowhere:prepare", **fields)


def test_however_large_the_images_a_smoke_budget_takes_fifty_steps(planned, monkeypatch):
    huge = dataclasses.replace(FACTS["rays"], shape=DataShape("image", (1, 1024, 1024), 0, 500))
    monkeypatch.setitem(FACTS, "rays", huge)
    assert (
        planned(models=("dcgan",), datasets=("rays",), budget="smoke", features="pixels").tasks[0].cell.length
        == "50steps"
    )


@pytest.mark.parametrize("budget", ["0steps", "0epochs"])
def test_a_budget_of_nothing_is_refused(planned, budget):
    assert "trains nothing" in messages(planned, budget=budget)[0]


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("seed", 1),
        ("dataset", "mnist"),
        ("length", "1steps"),
        ("batch_size", 3),
        ("options", {"latent": 3}),
        ("ema", 0.5),
        ("mirror", True),
        ("precision", "bf16"),
        ("device", "cuda"),
    ],
)
def test_whatever_the_result_depends_on_changes_the_identity(planned, change, value):
    cell = planned().tasks[0].cell
    assert dataclasses.replace(cell, **{change: value}).id != cell.id


def test_a_cell_survives_json(planned):
    cell = planned().tasks[0].cell
    assert Cell.from_plain(cell.as_plain()) == cell
    assert Cell.from_plain(cell.as_plain()).id == cell.id


def test_metrics_do_not_change_a_cells_identity_but_their_options_do(planned):
    plain, other = planned(metrics=("fid",)), planned(metrics=("fid", "prdc"))
    assert plain.tasks[0].cell.id == other.tasks[0].cell.id
    changed = planned(metrics=("prdc",), set={"prdc": {"k": 3}})
    assert changed.tasks[0].cell.protocol.hash != plain.tasks[0].cell.protocol.hash


def test_two_names_of_one_dataset_are_one(planned):
    assert len(planned(datasets=("digits", "digits")).tasks) == 1


def test_a_split_that_a_dataset_lacks_is_refused_for_every_dataset(planned):
    lines = messages(planned, datasets=("digits", "table"), reference_split="tset")
    assert lines == [
        "digits has no split 'tset' to compare with; did you mean 'test'?",
        "table has no split 'tset' to compare with; did you mean 'test'?",
    ]


def test_a_suite_of_python_code_is_held_to_the_same_bounds(planned):
    lines = messages(planned, samples=1, precision="fp8", seeds=(2**64,), models=("dcgna",))
    assert [line.partition(" ")[0] for line in lines] == [
        "samples=1",
        "seeds=(18446744073709551616,)",
        "precision=fp8",
        "unknown",
    ]


def test_nothing_is_looked_at_while_something_named_does_not_exist(tmp_path, registry):
    looked_at = []
    suite = Suite(models=("vea",), datasets=("digits", "digts"))
    with pytest.raises(ConfigError) as caught:
        expand(suite, registry, Settings(results=tmp_path), looked_at.append)
    assert len(caught.value.lines) == 2
    assert looked_at == []


def test_mistakes_that_are_known_already_are_told_with_the_rest(registry):
    with pytest.raises(ConfigError) as caught:
        look_up(Suite(models=("vea",), datasets=("digits",)), registry, mistakes=["--jobs=0 is out of range"])
    assert caught.value.lines == ("--jobs=0 is out of range", "unknown model 'vea'; did you mean 'vae'?")


def test_options_of_plugins_beside_the_cells_may_be_set(registry):
    suite = Suite(models=("vae",), datasets=("digits",), set={"local": {"x": 1}})
    with pytest.raises(ConfigError, match="--set local is not part of this run"):
        look_up(suite, registry)
    with pytest.raises(ConfigError, match="local has no option 'x'"):
        look_up(suite, registry, [registry.executors["local"]])


def test_cells_of_different_seeds_share_what_they_have_in_common(planned):
    first, second = planned(seeds=(0, 2**64 - 1)).tasks
    assert (first.cell.seed, second.cell.seed) == (0, 2**64 - 1)
    assert dataclasses.replace(second.cell, seed=0) == first.cell
    assert first.cell.id != second.cell.id


@pytest.mark.parametrize(
    ("asked", "device", "precision"),
    [
        ("auto", "cpu", "fp32"),
        ("auto", "cuda", "tf32"),
        ("auto", "cuda:1", "tf32"),
        ("fp32", "cuda", "fp32"),
        ("bf16", "cpu", "bf16"),
    ],
)
def test_auto_is_the_precision_of_the_device(tmp_path, registry, asked, device, precision):
    suite = Suite(models=("vae",), datasets=("digits",), precision=asked)
    plan = expand(suite, registry, Settings(results=tmp_path, device=device), FACTS.__getitem__)
    assert {task.cell.precision for task in plan.tasks} == {precision}


SPREAD = {"ddpm": {"sampler": "ddim", "steps": "10,50"}}


def test_several_values_of_a_sampling_option_are_cells_of_one_training(planned):
    tasks = planned(models=("ddpm", "vae"), set=SPREAD, seeds=(0, 1)).tasks
    told = [(task.cell.model, task.cell.seed, task.cell.sampling.get("steps")) for task in tasks]
    first = [("ddpm", 0, 10), ("vae", 0, None), ("ddpm", 1, 10), ("vae", 1, None)]
    assert told == [*first, ("ddpm", 0, 50), ("ddpm", 1, 50)]  # what trains comes first
    assert len({task.cell.id for task in tasks}) == 6
    assert len({task.cell.training_id for task in tasks}) == 4
    by_id = {task.cell.id: task for task in tasks}
    for task in tasks:
        assert {by_id[one].cell.training_id for one in task.shares} <= {task.cell.training_id}
        assert len(task.shares) == (task.cell.model == "ddpm")


def test_the_same_variant_twice_is_one_cell_and_one_that_cannot_be_is_one_skip(planned):
    assert len(planned(models=("ddpm",), set={"ddpm": {"steps": [10, "10", 10.0]}}).tasks) == 1
    plan = planned(models=("ddpm", "vae"), datasets=("digits", "table"), set=SPREAD)
    assert [(skip.model, skip.dataset) for skip in plan.skips] == [("ddpm", "table")]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": "10,2000", "T": 1000}, "steps=2000 is more than the chain has: at most T=1000"),
        ({"sampler": "ddim,dimm"}, "ddpm.sampler=dimm is not one of: ddpm | ddim"),
        ({"guidance": "1,3"}, "guidance=3 needs classes to guide to: set conditional=true"),
        ({"lr": "1e-3,-1"}, "ddpm.lr=-1 is out of range"),
    ],
)
def test_a_variant_that_cannot_be_is_refused_before_anything_is_trained(planned, settings, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        planned(models=("ddpm",), set={"ddpm": settings})


def test_several_budgets_batches_and_precisions_are_ordinary_cells_scored_alike(planned):
    changes = {"models": ("vae", "noise"), "seeds": (0, 1)}
    one = planned(**changes, budget="10steps", batch_size=(32,)).tasks
    tasks = planned(**changes, budget="smoke,10steps", batch_size=(32, 64), precision="fp32,bf16").tasks
    told = {(task.cell.budget, task.cell.batch_size, task.cell.precision) for task in tasks if task.cell.model == "vae"}
    assert len(told) == 8
    assert len(tasks) == 2 * 8 + 2  # a reference row is not trained: once is enough
    assert {task.cell.protocol.hash for task in tasks} == {one[0].cell.protocol.hash}
    assert {task.cell.id for task in one if task.cell.model == "vae"} < {task.cell.id for task in tasks}


def test_of_several_budgets_the_fewest_samples_are_scored(planned, monkeypatch):
    rays = dataclasses.replace(FACTS["digits"], counts={"train": 9000, "test": 5000})
    monkeypatch.setitem(FACTS, "digits", rays)
    counts = [
        planned(budget=one).tasks[0].cell.protocol.sample_count for one in ("smoke", "standard", "standard,smoke")
    ]
    assert counts == [1000, 5000, 1000]
