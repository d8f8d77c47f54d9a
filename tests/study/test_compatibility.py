"""What can be used with what, and if not, why."""

import dataclasses
import re
import shlex

import pytest

from genharness.plugin.registry import load_registry
from genharness.spec.columns import Column
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.dataset_name import parse_reference
from genharness.spec.plugins import DataShape, ExtractorSpec, MetricSpec, ModelSpec, Recipe
from genharness.study.compatibility import extractor_misfit, metric_misfit, model_misfit

DIGITS = DatasetFacts(
    reference="digits",
    spec_name="digits",
    shape=DataShape("image", (1, 8, 8), 10, 100),
    counts={"train": 100, "test": 40},
    class_names=tuple("0123456789"),
)
SOME = Recipe(length="10steps")
MODEL = ModelSpec(name="toy", summary="", factory="a:b", family="toy", recipes={"smoke": SOME})


def facts(shape=(1, 8, 8), classes=10, modality="image"):
    return dataclasses.replace(DIGITS, shape=DataShape(modality, shape, classes, 100))


LARGE, UNLABELLED, ONE_CLASS = facts((1, 64, 64)), facts(classes=0), facts(classes=1)
NEEDS = "needs class labels of at least two classes, and digits has"


def misfit(data=DIGITS, *, batch=16, balanced=False, mirror=False, **spec):
    return model_misfit(dataclasses.replace(MODEL, **spec), data, batch_size=batch, balanced=balanced, mirror=mirror)


def test_what_fits_has_no_reason():
    assert misfit() == ""


def test_classes_that_an_option_asks_for_need_labels():
    optional = dataclasses.replace(MODEL, capabilities=("conditions:conditional",))
    for on, reason in ((False, ""), (True, f"{NEEDS} no labels")):
        spec = optional.configured({"conditional": on})
        assert model_misfit(spec, UNLABELLED, batch_size=16) == reason


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"data": facts((30,), modality="tabular")}, "makes image data, and digits is tabular"),
        ({"data": facts((1, 8, 9))}, "works on square images, and digits has 8x9x1: ask for digits@8"),
        ({"min_size": 16, "max_size": 32}, "works at 16 to 32 pixels, and digits has 8: ask for digits@16"),
        ({"min_size": 16}, "works at at least 16 pixels, and digits has 8: ask for digits@16"),
        (
            {"data": facts((1, 64, 64)), "max_size": 32},
            "works at 8 to 32 pixels, and digits has 64: ask for digits@32",
        ),
        ({"channels": (3,)}, "works with 3 channels, and digits has 1"),
        (
            {"data": facts(classes=0), "needs_labels": True},
            "needs class labels of at least two classes, and digits has no labels",
        ),
        (
            {"data": facts(classes=1), "needs_labels": True},
            "needs class labels of at least two classes, and digits has one class only",
        ),
        ({"batch": 101}, "batch of 101 is larger than the 100 training samples of digits: set toy.batch_size lower"),
        ({"mirror": True}, ""),
        (
            {"data": facts((30,), modality="tabular"), "modalities": ("tabular",), "mirror": True},
            "toy.mirror mirrors images, and digits is tabular",
        ),
        ({"data": facts(classes=0), "balanced": True}, "toy.balanced needs classes to balance, and digits has none"),
    ],
)
def test_what_does_not_fit_says_why(given, reason):
    assert misfit(**given) == reason


def test_a_model_that_is_not_trained_has_no_batch():
    assert misfit(batch=101, recipes={"smoke": Recipe(length="0steps")}) == ""


@pytest.mark.parametrize(
    ("spec", "data", "reason"),
    [
        ({}, DIGITS, ""),
        ({"modalities": ("tabular",)}, DIGITS, "extractor toy reads tabular data, and digits is not"),
        ({"needs_labels": True}, facts(classes=1), "extractor toy is trained on class labels, and digits has none"),
    ],
)
def test_an_extractor_must_read_the_data(spec, data, reason):
    assert extractor_misfit(ExtractorSpec(name="toy", summary="", factory="a:b", **spec), data) == reason


@pytest.mark.parametrize(
    ("needs", "data", "capabilities", "reason"),
    [
        ((), DIGITS, (), ""),
        (("features", "train", "test"), DIGITS, (), ""),
        (("labels",), facts(classes=1), (), "needs class labels, and the dataset has none"),
        (("posteriors",), facts(classes=0), (), "needs class labels, and the dataset has none"),
        (("reconstructions",), DIGITS, (), "toy gives no reconstructions"),
        (("likelihood",), DIGITS, ("reconstructions",), "toy gives no likelihood"),
        (("likelihood",), DIGITS, ("likelihood:bound",), ""),
        (("conditions",), DIGITS, (), "toy is not asked for classes"),
        (("conditions", "latents"), DIGITS, ("conditions",), "toy gives no latents"),
    ],
)
def test_a_metric_needs_what_data_and_model_have(needs, data, capabilities, reason):
    metric = MetricSpec(name="odd", summary="", factory="a:b", columns=(Column(key="odd", title="Odd"),), needs=needs)
    assert metric_misfit(metric, dataclasses.replace(MODEL, capabilities=capabilities), data) == reason


def test_a_metric_scores_its_own_kind_of_data():
    column = Column(key="odd", title="Odd")
    metric = MetricSpec(name="odd", summary="", factory="a:b", columns=(column,), modalities=("tabular",))
    assert metric_misfit(metric, MODEL, DIGITS) == "scores tabular data only"


def pictures(reference, height, width):
    return dataclasses.replace(facts((3, height, width), classes=0), reference=reference)


@pytest.mark.parametrize("reference", ["folder:/data/wide", "folder:/data/Smith, 2020@64:grey#500", "mnist"])
@pytest.mark.parametrize(("height", "width"), [(24, 16), (16, 400), (4, 4), (2, 3), (1000, 1000)])
@pytest.mark.parametrize("model", ["dcgan", "vae", "gaussian"])
def test_the_size_that_is_asked_for_suits_the_model(reference, height, width, model):
    spec = load_registry().models.find(model)
    reason = model_misfit(spec, pictures(reference, height, width), batch_size=10)
    if reason:
        (word,) = shlex.split(re.search("ask for (.*)", reason)[1])
        wanted = parse_reference(word)
        assert wanted.base == parse_reference(reference).base
        assert not model_misfit(spec, pictures(word, wanted.size, wanted.size), batch_size=10)
