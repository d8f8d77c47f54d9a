"""Several values of one option: which settings are meant, and what cells of one training are called."""

import time

import pytest

from board_records import record
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.study.settings import setting_errors, shared_options
from genharness.study.variants import MOST_VARIANTS, read_ablation, read_grid, told_apart


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.fixture
def ddpm(registry):
    return registry.models["ddpm"]


def points(spec, values, sweep=None):
    return read_grid(spec, values, sweep, shared_options(spec)).points()


@pytest.mark.parametrize("written", ["10,50, 250", [10, 50, 250], ("10", "50", "250")])
def test_a_list_is_a_setting_for_each_value(ddpm, written):
    found = points(ddpm, {"steps": written, "lr": "1e-3"})
    assert [(one["steps"], one["lr"]) for one in found] == [(10, "1e-3"), (50, "1e-3"), (250, "1e-3")]


def test_several_lists_are_every_combination_the_last_fastest_of_training_options_too(ddpm):
    found = points(ddpm, {"sampler": "ddim,heun", "lr": "1e-3,1e-4", "batch_size": [32]} | {"sampler": "ddim,ddpm"})
    told = [(one["sampler"], one["lr"], one["batch_size"]) for one in found]
    assert told == [("ddim", 1e-3, 32), ("ddim", 1e-4, 32), ("ddpm", 1e-3, 32), ("ddpm", 1e-4, 32)]


def test_one_value_is_one_setting_and_so_is_a_list_that_is_the_value(ddpm):
    assert points(ddpm, {}) == [{}]
    assert points(ddpm, {"steps": "50", "mult": "1,2,2"}) == [{"steps": "50", "mult": "1,2,2"}]


def test_an_option_that_is_a_list_is_swept_over_lists(ddpm):
    swept = [(1, 2), (1, 2, 2)]
    assert [one["mult"] for one in points(ddpm, {}, {"mult": [[1, 2], [1, 2, 2]]})] == swept
    assert [one["mult"] for one in points(ddpm, {}, {"mult": "1,2; 1,2,2"})] == swept


@pytest.mark.parametrize("written", ["10,", ",", [], [[1, 2]], [{}]])
def test_a_list_with_nothing_in_it_is_refused(ddpm, written):
    for values, sweep in (({"steps": written}, {}), ({}, {"steps": written})):
        with pytest.raises(ConfigError, match=r"ddpm.steps(=.* is no list of| has no) values"):
            points(ddpm, values, sweep)


def test_too_many_combinations_are_refused_before_they_are_made(ddpm):
    many = ",".join(map(str, range(1, 101)))
    with pytest.raises(ConfigError, match=f"combinations of values are too many: at most {MOST_VARIANTS:,}"):
        points(ddpm, {"warmup": many, "guidance": many, "heads": "1,2"})


def test_every_value_of_a_list_is_held_against_its_option_and_told_once(ddpm, registry):
    wrong = {"ddpm": {"steps": "10,0,ten", "sampler": "ddim,dddim", "lr": 7}}
    lines = setting_errors(wrong, [ddpm], registry)
    named = [line.partition(" ")[0] for line in lines]
    assert sorted(named) == ["ddpm.lr=7", "ddpm.sampler=dddim", "ddpm.steps=0", "ddpm.steps=ten"]


SWEEP = {"lr": [1e-3, 1e-4], "batch_size": "32,64"}


def test_zipped_axes_step_together_at_the_place_of_the_first(ddpm):
    for zipped in ([["lr", "batch_size"]], ["batch_size", "lr"], "lr,batch_size"):
        found = points(ddpm, {"steps": "5,10"}, {**SWEEP, "zip": zipped})
        told = [(one["steps"], one["lr"], one["batch_size"]) for one in found]
        assert told == [(5, 1e-3, 32), (5, 1e-4, 64), (10, 1e-3, 32), (10, 1e-4, 64)]


def test_zipped_axes_may_repeat_a_value_and_a_step_that_is_written_twice_is_one(ddpm):
    found = points(
        ddpm, {}, {"lr": [1e-3, 1e-3, "1e-3", 1e-4], "batch_size": "32,64,64,32", "zip": ["lr", "batch_size"]}
    )
    assert [(one["lr"], one["batch_size"]) for one in found] == [(1e-3, 32), (1e-3, 64), (1e-4, 32)]
    assert len(points(ddpm, {}, {"lr": [1e-3, 1e-3, 1e-4]})) == 2


def test_excluded_points_are_left_out_however_their_values_are_written(ddpm):
    found = points(ddpm, {}, {**SWEEP, "exclude": [{"lr": "0.0001", "batch_size": 64}]})
    assert [(one["lr"], one["batch_size"]) for one in found] == [(1e-3, 32), (1e-3, 64), (1e-4, 32)]
    assert len(points(ddpm, {}, {**SWEEP, "exclude": {"lr": 1e-3}})) == 2


@pytest.mark.parametrize(
    ("values", "sweep", "message"),
    [
        ({"lr": 1e-3}, {"lr": [1e-4]}, "ddpm.lr is set and swept: leave one of them out"),
        ({}, {"step": [1]}, "ddpm has no option 'step' to sweep; did you mean 'steps'?"),
        (
            {},
            {"budget": ["9steps"]},
            "ddpm has no option 'budget' to sweep: budget is an option of the whole run, which",
        ),
        (
            {},
            {"device": ["cpu"]},
            "ddpm has no option 'device' to sweep: device is an option of the whole run, and has",
        ),
        ({}, {"lr": [1e-3, -1]}, "ddpm.lr=-1 is out of range"),
        (
            {},
            {**SWEEP, "lr": [1e-3], "zip": [["lr", "batch_size"]]},
            "lr has 1 values, batch_size has 2 values",
        ),
        ({}, {**SWEEP, "zip": [["lr", "steps"]]}, "sweep.ddpm.zip names 'steps', which has no several values"),
        ({}, {**SWEEP, "zip": [["lr", "lr"]]}, "sweep.ddpm.zip names 'lr' twice"),
        ({}, {**SWEEP, "zip": [["lr"]]}, "sweep.ddpm.zip must be lists of two options or more"),
        ({}, {**SWEEP, "exclude": [{"steps": 5}]}, "sweep.ddpm.exclude names 'steps', which has no several values"),
        ({}, {**SWEEP, "exclude": [{"lr": 5}]}, "sweep.ddpm.exclude: lr=5 is"),
        ({}, {**SWEEP, "exclude": [{"lr": 5e-3}]}, "sweep.ddpm.exclude: lr=0.005 is none of its values, 0.001,0.0001"),
        ({}, {**SWEEP, "exclude": ["lr"]}, "sweep.ddpm.exclude must be a list of tables"),
        ({}, {**SWEEP, "exclude": [{"lr": 1e-3}, {"lr": 1e-4}]}, "sweep.ddpm.exclude leaves no point"),
    ],
)
def test_axes_that_cannot_be_are_refused_in_one_line(ddpm, values, sweep, message):
    with pytest.raises(ConfigError) as caught:
        points(ddpm, values, sweep)
    (line,) = caught.value.lines
    assert message in line


def test_all_mistakes_of_axes_are_told_at_once(ddpm):
    with pytest.raises(ConfigError) as caught:
        points(ddpm, {}, {"lr": [], "steps": "1..0:3", "x": 1, "eta": [2]})
    assert len(caught.value.lines) == 4


def test_an_ablation_is_its_base_and_one_change_at_a_time(ddpm):
    found = read_ablation(ddpm, {"lr": 1e-3}, {"ema": "none", "steps": [5, 10]}, shared_options(ddpm))
    assert found == [{"lr": 1e-3}, {"lr": 1e-3, "ema": None}, {"lr": 1e-3, "steps": 5}, {"lr": 1e-3, "steps": 10}]


def test_an_ablation_has_one_base_and_known_options(ddpm):
    with pytest.raises(ConfigError) as caught:
        read_ablation(ddpm, {"lr": "1e-3,1e-4"}, {"emma": 1, "steps": 0, "eta": []}, shared_options(ddpm))
    assert [line.partition(" ")[0] for line in caught.value.lines] == ["ddpm.lr", "ddpm", "ddpm.steps=0", "ddpm.eta"]


def cells(*sampling, **changes):
    return [record("ddpm", 1.0, options={"lr": 1.0}, sampling=one, **changes).cell for one in sampling]


def test_cells_of_one_training_are_told_apart_by_what_differs():
    some = cells({"sampler": "ddim", "steps": 10}, {"sampler": "ddim", "steps": 50})
    assert list(told_apart(some).values()) == ["ddpm steps=10", "ddpm steps=50"]
    both = cells({"sampler": "ddim", "steps": 10}, {"sampler": "heun", "steps": 50})
    assert list(told_apart(both).values()) == ["ddpm sampler=ddim steps=10", "ddpm sampler=heun steps=50"]


def test_seeds_and_other_models_tell_nothing_apart():
    some = [*cells({"steps": 10}), *cells({"steps": 10}, seed=1), record("vae", 1.0).cell]
    assert list(told_apart(some).values()) == ["ddpm", "ddpm", "vae"]


def test_trainings_of_one_model_are_told_apart_by_what_differs():
    some = [record("vae", 1.0, options={"lr": lr, "latent": 8}, batch_size=64).cell for lr in (1e-3, 1e-4)]
    assert list(told_apart(some).values()) == ["vae lr=0.001", "vae lr=0.0001"]


def test_every_mistake_of_zip_and_exclude_is_told_at_once(ddpm):
    sweep = {**SWEEP, "steps": [1, 2, 3], "zip": [["lr", "steps"]], "exclude": [{"lr": -5}, {"foo": 1}, {"lr": 7}]}
    with pytest.raises(ConfigError) as caught:
        points(ddpm, {}, sweep)
    assert [line.partition(":")[0].partition(" names ")[0] for line in caught.value.lines] == [
        "sweep.ddpm.zip",
        *["sweep.ddpm.exclude"] * 3,
    ]


@pytest.mark.parametrize("many", ["exclude", "zip"])
def test_thousands_of_excluded_points_or_zipped_names_take_no_minutes(ddpm, many):
    sweep = {"warmup": list(range(1, 101)), "batch_size": list(range(1, 101))}
    if many == "exclude":
        sweep["exclude"] = [{"warmup": 1, "batch_size": 1 + one % 100} for one in range(10_000)]
    else:
        sweep["zip"] = [["warmup", *(f"a{one}" for one in range(20_000))]]
    begin = time.process_time()
    if many == "exclude":
        assert len(points(ddpm, {}, sweep)) == 100 * 100 - 100
    else:
        with pytest.raises(ConfigError, match="zip names 'a0'"):
            points(ddpm, {}, sweep)
    assert time.process_time() - begin < 5
