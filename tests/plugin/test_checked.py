"""Specs whose fields are of another type than they say: refused with the field's name, whichever it is."""

import dataclasses
import math

import pytest

from genharness import (
    Column,
    DatasetSpec,
    ExecutorSpec,
    ExtractorSpec,
    MetricSpec,
    ModelSpec,
    Recipe,
    ReporterSpec,
    TrackerSpec,
    option,
)
from genharness.errors import PluginError
from genharness.plugin.checked import checked
from genharness.plugin.registry import load_registry

RECIPES = {name: Recipe(length="20steps") for name in ("smoke", "standard", "paper")}
BASE = {"name": "mine", "summary": "s", "factory": "a:b"}
COLUMNS = (Column(key="mine", title="Mine"),)
SPECS = [
    ModelSpec(**BASE, family="gan", recipes=RECIPES),
    DatasetSpec(**BASE),
    ExtractorSpec(**BASE),
    MetricSpec(**BASE, columns=COLUMNS),
    ExecutorSpec(**BASE),
    ReporterSpec(**BASE),
    TrackerSpec(**BASE),
]


class Nothing:
    def __repr__(self):
        raise RuntimeError("not even that")


FIELDS = [(spec, item.name) for spec in SPECS for item in dataclasses.fields(spec)]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_a_spec_that_is_right_is_returned(spec):
    assert checked(spec, type(spec)) is spec


def test_every_built_in_spec_is_right():
    registry = load_registry()
    assert not registry.problems
    for kind in registry.kinds.values():
        assert all(checked(spec, kind.record) is spec for spec in kind.values())


@pytest.mark.parametrize(("spec", "name"), FIELDS, ids=[f"{type(spec).__name__}.{name}" for spec, name in FIELDS])
@pytest.mark.parametrize("value", [Nothing(), 3.5j, object], ids=["odd", "complex", "class"])
def test_no_field_takes_what_it_does_not_say(spec, name, value):
    if (name, value) == ("config", object):
        pytest.skip("a class, which `options_of` looks into")
    with pytest.raises(PluginError) as caught:
        checked(dataclasses.replace(spec, **{name: value}), type(spec))
    assert name in str(caught.value) or "Config" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"summary": 3}, "mine: its summary is 3, not text"),
        ({"modalities": None}, "mine: its modalities is None, not a tuple of one of image, tabular"),
        ({"modalities": ("sound",)}, "mine: its modalities is ('sound',), not a tuple of one of image, tabular"),
        ({"channels": None}, "mine: its channels is None, not a tuple of a whole number"),
        ({"channels": (1, "3")}, "mine: its channels is (1, '3'), not a tuple of a whole number"),
        ({"min_size": True}, "mine: its min_size is True, not a whole number"),
        ({"max_size": "8"}, "mine: its max_size is '8', not a whole number or None"),
        ({"finite": 1}, "mine: its finite is 1, not true or false"),
        ({"recipes": {"smoke": 3}}, "mine: its recipes is {'smoke': 3}, not a mapping of text to Recipe"),
        ({"name": "x" * 300}, "must be lower-case letters and digits joined by hyphens"),
        ({"name": 7}, "the name 7 must be lower-case letters"),
        ({"capabilities": ("flies",)}, "mine: unknown capability 'flies'"),
    ],
)
def test_the_message_names_the_field_what_it_is_and_what_it_must_be(change, message):
    with pytest.raises(PluginError) as caught:
        checked(dataclasses.replace(SPECS[0], **change), ModelSpec)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("batch_size", "64", "mine: its recipes: batch_size is '64', not a whole number"),
        ("ema", "much", "mine: its recipes: ema is 'much', not a number or None"),
        ("length", 20, "mine: its recipes: length is 20, not text"),
    ],
)
def test_fields_of_fields_are_checked_too(field, value, message):
    recipe = dataclasses.replace(RECIPES["smoke"], **{field: value})
    with pytest.raises(PluginError) as caught:
        checked(dataclasses.replace(SPECS[0], recipes={**RECIPES, "smoke": recipe}), ModelSpec)
    assert str(caught.value) == message


def test_columns_of_a_metric_are_checked_too():
    wrong = dataclasses.replace(COLUMNS[0], title=None)
    with pytest.raises(PluginError, match="mine: its columns: title is None, not text"):
        checked(dataclasses.replace(SPECS[3], columns=(wrong,)), MetricSpec)


def test_only_a_model_has_options_of_sampling():
    @dataclasses.dataclass(frozen=True)
    class Drawn:
        steps: int = option(5, help="steps", stage="sample")

    assert checked(dataclasses.replace(SPECS[0], config=Drawn), ModelSpec).config is Drawn
    with pytest.raises(PluginError, match="its option steps has the stage sample, which only a model's can have"):
        checked(dataclasses.replace(SPECS[3], config=Drawn), MetricSpec)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("batch_size", 0, "from 1 to"),
        ("batch_size", 10**30, "from 1 to"),
        ("ema", math.nan, "a decay"),
        ("ema", 1.0, "a decay"),
        ("ema", -0.5, "a decay"),
        ("ema_kimg", 0.0, "above 0"),
        ("ema_kimg", math.nan, "above 0"),
        ("step_ms", math.nan, "a time"),
        ("step_ms", -1.0, "a time"),
        ("full_up_to", 0, "a side"),
    ],
)
def test_a_recipe_has_numbers_that_something_can_be_trained_with(field, value, words):
    recipe = dataclasses.replace(RECIPES["smoke"], **{field: value})
    with pytest.raises(PluginError, match=rf"^mine: recipe smoke: {field} is .*, not .*{words}"):
        checked(dataclasses.replace(SPECS[0], recipes={**RECIPES, "smoke": recipe}), ModelSpec)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", ""),
        ("key", "a b"),
        ("key", "a\n"),
        ("format", "x"),
        ("format", ".3q"),
        ("format", ".100000f"),
        ("format", "999999d"),
        ("resolution", math.nan),
        ("resolution", -1),
        ("collapse_below", 0.0),
        ("collapse_below", math.nan),
        ("collapse_below", 2),
    ],
)
def test_a_column_that_no_table_can_show_is_refused(field, value):
    wrong = dataclasses.replace(COLUMNS[0], **{field: value})
    with pytest.raises(PluginError, match=f"^mine: its columns: {field} is ") as caught:
        checked(dataclasses.replace(SPECS[3], columns=(wrong,)), MetricSpec)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("columns", [(), (COLUMNS[0], COLUMNS[0])], ids=["none", "twice"])
def test_a_metric_has_columns_each_with_a_key_of_its_own(columns):
    with pytest.raises(PluginError, match="give one at least, and each a key of its own"):
        checked(dataclasses.replace(SPECS[3], columns=columns), MetricSpec)


def test_the_queue_of_an_executor_reads_as_its_factory_does():
    assert checked(ExecutorSpec(**BASE, queue="a.b:c"), ExecutorSpec).queue == "a.b:c"
    with pytest.raises(PluginError, match="queue 'nowhere' must read 'module:attribute'"):
        checked(ExecutorSpec(**BASE, queue="nowhere"), ExecutorSpec)
