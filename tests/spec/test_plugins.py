"""The records that plugins return."""

import dataclasses
import json
import math
from pathlib import Path

import pytest

from genharness.plugin.registry import load_registry
from genharness.spec.plugins import Column, DataShape, MetricSpec, ModelSpec, Recipe, Remote, as_plain

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


PUBLISHED = sorted((Path(__file__).parents[2] / "results").glob("*/records/*.json"))


def test_published_scores_and_bands_lie_between_the_ends_of_their_columns():
    columns = {column.key: column for spec in load_registry().metrics.values() for column in spec.columns}
    seen, outside = set(), []
    for path in PUBLISHED:
        record = json.loads(path.read_text())
        for key, value in record["scores"].items():
            if key in columns and value is not None:
                least, most = columns[key].limits
                seen.add(key)
                outside += (
                    []
                    if least - 1e-9 <= value <= most + 1e-9 or not math.isfinite(value)
                    else [(path.name, key, value)]
                )
    assert outside == []
    assert len(seen) > 40


def test_ends_that_are_given_come_before_what_the_column_says_otherwise():
    assert Column(key="a", title="A").limits == (-math.inf, math.inf)
    assert Column(key="a", title="A", ratio=True).limits == (0.0, math.inf)
    assert Column(key="a", title="A", resolution="sample_count").limits == (0.0, 1.0)
    assert Column(key="a", title="A", ratio=True, least=1, most=5).limits == (1, 5)
