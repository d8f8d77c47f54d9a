"""Every metric on every fault."""

import math

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness.measure.build import build_metrics
from genharness.plugin.registry import load_registry
from genharness.selfcheck.check import Seen, check, columns_shown, faults_for
from genharness.selfcheck.faults import FAULTS
from genharness.spec.columns import Column
from genharness.spec.plugins import MetricSpec

REGISTRY = load_registry()
SHAPELESS = ("fid", "prdc", "copies")


def clusters():
    """300 rows of three far clusters, and their classes."""
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    rows = rng.normal(size=(300, 4)) + 8 * rng.normal(size=(3, 4))[labels]
    return rows.astype(np.float32), labels


def checked(metrics, **asked):
    rows, labels = clusters()
    known = {"train": labels[:200], "test": labels[200:]}
    whole = row_evaluation(labels=known, train=rows[:200], test=rows[200:], fake=rows[200:])
    whole.class_names = ("a", "b", "c")
    return check(whole, metrics, dataset="clusters", modality="tabular", count=50, draws=10, **asked)


@pytest.fixture(scope="module")
def found():
    return checked(build_metrics(REGISTRY, {name: {} for name in SHAPELESS}))


def sights(found, name):
    (tried,) = [tried for tried in found.faults if tried.name == name]
    return {key: seen.sight for key, seen in tried.columns.items()}


def test_real_samples_are_as_real_and_gross_faults_are_seen(found):
    shown = [column.key for column in columns_shown(found.metrics) if column.key in found.control.columns]
    assert found.control.seen_by(shown) == []
    for name, key in (("noise", "precision"), ("constant", "recall"), ("one sample", "recall")):
        assert sights(found, name)["fid"] == "seen", name
        assert sights(found, name)[key] == "seen", name


def test_missing_classes_cost_recall_and_not_precision(found):
    assert sights(found, "one mode")["recall"] == "seen"
    assert sights(found, "one mode")["precision"] == "missed"


def test_copies_are_seen_by_what_looks_for_them_and_look_as_good_as_real_to_the_others(found):
    assert sights(found, "copies")["excess_copies"] == "seen"
    assert sights(found, "copies")["precision"] == "missed"
    assert sights(found, "constant")["excess_copies"] == "missed"


def test_what_no_column_that_is_shown_sees_is_undetected(found):
    names = {fault.name for fault in found.undetected}
    assert "wrong labels" in names
    assert names.isdisjoint({"noise", "constant", "one mode", "copies"})


def test_faults_that_do_not_fit_the_data_are_told_with_the_reason(found):
    assert found.absent["half the modes"] == "needs 4 classes"
    assert "blur" not in {tried.name for tried in found.faults}


class Blind:
    def compute(self, evaluation):
        return {"blind": 1.0 + 0 * len(evaluation.samples("fake"))}


class Fragile:
    def compute(self, evaluation):
        deviation = float(evaluation.samples("fake").std(0).max())
        if deviation < 1e-3:
            raise ZeroDivisionError("no spread")
        return {"fragile": deviation}


def spec(name, **more):
    return MetricSpec(name=name, summary="", factory="", columns=(Column(key=name, title=name, **more),))


def test_a_metric_that_sees_nothing_misses_everything():
    found = checked([(spec("blind", higher_is_better=True), Blind())])
    assert {seen.sight for tried in found.faults for seen in tried.columns.values()} == {"missed"}
    assert len(found.undetected) == len(found.faults)


def test_a_metric_that_breaks_on_a_fault_is_told_and_has_no_number_for_it():
    found = checked([(spec("fragile"), Fragile())])
    (constant,) = [tried for tried in found.faults if tried.name == "constant"]
    assert constant.failed["fragile"].startswith("ZeroDivisionError: no spread")
    assert constant.columns["fragile"].sight == "undefined"
    assert constant.seen_by(["fragile"]) == []


def test_beyond_the_good_end_of_a_column_is_better_than_real():
    spread = spec("fragile", higher_is_better=True)
    found = checked([(spread, Fragile())])
    assert sights(found, "spread")["fragile"] == "better than real"
    assert sights(found, "shrunk")["fragile"] == "seen"


def test_a_metric_without_a_band_is_told_with_its_reason():
    class Refuses:
        def compute(self, evaluation):
            evaluation.extracted("fake").logits[0]

    found = checked([(spec("refuses"), Refuses()), (spec("blind"), Blind())])
    assert list(found.absent)[-1] == "refuses"
    assert [one.name for one in found.metrics] == ["blind"]


@pytest.mark.parametrize(
    ("value", "low", "high", "strength"), [(2, 0, 2, 1), (1, 0, 2, 0), (5, 0, 2, 4), (1, 1, 1, 0), (2, 1, 1, math.inf)]
)
def test_strength_is_in_half_widths_of_the_band(value, low, high, strength):
    band = {"low": low, "high": high, "draws": 5, "count": 5}
    assert Seen(value, band, "missed").strength == strength


def test_data_without_labels_has_no_faults_of_classes():
    rows, _ = clusters()
    fitting, reasons = faults_for(row_evaluation(train=rows, test=rows, fake=rows), "tabular")
    assert set(reasons) == {fault.name for fault in FAULTS if fault.classes}
    assert not any(fault.classes for fault in fitting)
