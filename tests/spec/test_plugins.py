"""The records that plugins return."""

import dataclasses
import json

import pytest

from genharness.spec.plugins import DataShape, MetricSpec, ModelSpec, Recipe, Remote, as_plain

NEVER, SOME = Recipe(length="0steps"), Recipe(length="400steps")


def model(*recipes):
    named = dict(zip(("smoke", "standard", "paper"), recipes, strict=True))
    return ModelSpec(name="toy", summary="", factory="a:b", family="toy", recipes=named)


def test_a_model_is_trained_where_any_recipe_takes_a_step():
    assert model(NEVER, NEVER, SOME).trained
    assert not model(NEVER, NEVER, NEVER).trained


def test_a_shape_says_what_its_samples_are():
    image, table = DataShape("image", (3, 32, 48)), DataShape("tabular", (30,))
    assert (image.channels, image.height, image.width, str(image)) == (3, 32, 48, "32x48x3")
    assert (table.columns, str(table)) == (30, "30 columns")


def test_a_spec_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        model(SOME, SOME, SOME).name = "other"


def test_specs_take_names_only_so_that_fields_may_be_added():
    with pytest.raises(TypeError):
        MetricSpec("fid", "Frechet distance", "a:b")


def test_a_record_becomes_plain_values():
    assert json.loads(json.dumps(as_plain(Remote(filename="a.zip", urls=("https://a.example",)))))["size"] == 0


def test_an_option_decides_whether_classes_can_be_asked_for():
    optional = dataclasses.replace(model(SOME, SOME, SOME), capabilities=("latents", "conditions:conditional"))
    assert optional.can("conditions")
    on, off = optional.configured({"conditional": True}), optional.configured({"conditional": False})
    assert (on.capabilities, on.needs_labels) == (("latents", "conditions"), True)
    assert (off.capabilities, off.needs_labels) == (("latents",), False)
    assert off.can("latents")
    assert not off.can("conditions")


def test_options_change_nothing_of_other_models():
    plain = dataclasses.replace(model(SOME, SOME, SOME), capabilities=("conditions",))
    assert plain.configured({"conditional": False}) is plain
