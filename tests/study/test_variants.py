"""Several values of one option: which settings are meant, and what cells of one training are called."""

import dataclasses

import pytest

from board_records import record
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.spec.options import options_of
from genharness.study.settings import TrainingOptions, setting_errors
from genharness.study.variants import MOST_VARIANTS, spread, told_apart


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.fixture
def ddpm(registry):
    return registry.models["ddpm"]


@pytest.mark.parametrize("written", ["10,50, 250", [10, 50, 250], ("10", "50", "250")])
def test_a_list_is_a_setting_for_each_value(ddpm, written):
    found = spread(ddpm, {"steps": written, "lr": "1e-3"})
    assert [(int(one["steps"]), one["lr"]) for one in found] == [(10, "1e-3"), (50, "1e-3"), (250, "1e-3")]


def test_several_lists_are_every_combination_the_first_slowest(ddpm):
    found = spread(ddpm, {"sampler": "ddim,heun", "steps": "5,10"})
    assert [tuple(one.values()) for one in found] == [("ddim", "5"), ("ddim", "10"), ("heun", "5"), ("heun", "10")]


def test_one_value_is_one_setting_and_so_is_a_list_that_is_the_value(ddpm):
    assert spread(ddpm, {}) == [{}]
    assert spread(ddpm, {"steps": "50", "mult": "1,2,2"}) == [{"steps": "50", "mult": "1,2,2"}]


@pytest.mark.parametrize("name", ["lr", "batch_size", "variance"])
def test_what_training_reads_has_one_value(ddpm, name):
    with pytest.raises(ConfigError, match=rf"ddpm.{name}=1,2: only options of sampling have several values; run once"):
        spread(ddpm, {name: "1,2"}, options_of(TrainingOptions))


def test_a_model_that_is_not_trained_has_no_variants(registry):
    with pytest.raises(ConfigError, match="only options of sampling have several values"):
        spread(dataclasses.replace(registry.models["noise"], config=registry.models["ddpm"].config), {"steps": "1,2"})


@pytest.mark.parametrize("written", ["10,", ",", [], [[1, 2]], [{}]])
def test_a_list_with_nothing_in_it_is_refused(ddpm, written):
    with pytest.raises(ConfigError, match=r"ddpm.steps=.* is no list of values"):
        spread(ddpm, {"steps": written})


def test_too_many_combinations_are_refused_before_they_are_made(ddpm):
    many = ",".join(map(str, range(1, 10**4)))
    with pytest.raises(ConfigError, match=f"combinations of values are too many: at most {MOST_VARIANTS:,}"):
        spread(ddpm, {"steps": many, "eta": many, "guidance": many})


def test_every_value_of_a_list_is_held_against_its_option_and_told_once(ddpm, registry):
    wrong = {"ddpm": {"steps": "10,0,ten", "sampler": "ddim,dddim", "lr": 7}}
    lines = setting_errors(wrong, [ddpm], registry)
    named = [line.partition(" ")[0] for line in lines]
    assert sorted(named) == ["ddpm.lr=7", "ddpm.sampler=dddim", "ddpm.steps=0", "ddpm.steps=ten"]


def cells(*sampling, **changes):
    return [record("ddpm", 1.0, options={"lr": 1.0}, sampling=one, **changes).cell for one in sampling]


def test_cells_of_one_training_are_told_apart_by_what_differs():
    some = cells({"sampler": "ddim", "steps": 10}, {"sampler": "ddim", "steps": 50})
    assert list(told_apart(some).values()) == ["ddpm steps=10", "ddpm steps=50"]
    both = cells({"sampler": "ddim", "steps": 10}, {"sampler": "heun", "steps": 50})
    assert list(told_apart(both).values()) == ["ddpm sampler=ddim steps=10", "ddpm sampler=heun steps=50"]


def test_other_trainings_tell_nothing_apart():
    some = [*cells({"steps": 10}), *cells({"steps": 50}, seed=1), record("vae", 1.0).cell]
    assert list(told_apart(some).values()) == ["ddpm", "ddpm", "vae"]
