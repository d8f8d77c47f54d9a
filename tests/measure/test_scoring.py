"""The loop that asks the metrics: what it makes of what each gives, and that one's fault is its own."""

import contextlib
import math
import os
import signal
import warnings

import numpy as np
import pytest
import torch

from evaluations import row_evaluation
from genharness.engine.loop import StopRequestedError
from genharness.engine.manners import SharedState
from genharness.errors import ConfigError
from genharness.measure import scoring
from genharness.measure.evaluation import SampleEvaluation
from genharness.measure.scoring import score
from genharness.spec.columns import Column
from genharness.spec.plugins import MetricSpec
from genharness.spec.protocol import Protocol

SPEC = MetricSpec(name="mean", summary="Ours", factory="nowhere:Mean", columns=(Column(key="mean", title="Mean"),))


class Stating:
    """A metric whose score is the mean of the samples, and which states errors of it."""

    def __init__(self, score=1.0, **errors):
        self.score, self.errors = score, errors

    def compute(self, evaluation):
        for key, error in self.errors.items():
            evaluation.state_error(key, error)
        return {"mean": self.score}


def result(metric):
    (found,) = score([(SPEC, metric)], row_evaluation(real=np.zeros((2, 1)), fake=np.zeros((2, 1))))
    return found


def test_an_error_that_a_metric_states_stands_beside_its_score():
    assert result(Stating(mean=np.float32(0.5))).errors == {"mean": 0.5}


@pytest.mark.parametrize("metric", [Stating(mean=math.nan), Stating(score=math.nan, mean=0.5), Stating()])
def test_what_is_undefined_has_no_error(metric):
    assert result(metric).errors == {}


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (Stating(median=0.5), "stated the error of 'median', which is no score that it returned"),
        (Stating(mean=-0.5), "stated the error -0.5 of mean: it must be at least 0"),
    ],
)
def test_a_wrong_error_is_the_metrics_fault(metric, said):
    assert said in result(metric).failed


def test_errors_of_one_metric_are_not_taken_for_anothers():
    evaluation = row_evaluation(real=np.zeros((2, 1)), fake=np.zeros((2, 1)))
    first, second = score([(SPEC, Stating(mean=0.5)), (SPEC, Stating())], evaluation)
    assert (first.errors, second.errors) == ({"mean": 0.5}, {})


def metric(name, compute):
    columns = (Column(key=name, title=name), Column(key=f"{name}_std", title=name))

    class Asked:
        def compute(self, evaluation):
            return compute()

    return MetricSpec(name=name, summary="", factory="a:b", columns=columns), Asked()


def raising(error):
    def compute():
        raise error

    return compute


def results(*metrics, **options):
    evaluation = SampleEvaluation({}, Protocol(extractor="none", sample_count=1), lambda name: None)
    return {one.metric.name: one for one in score(metrics, evaluation, **options)}


GOOD = metric("good", lambda: {"good": 1.5})


@pytest.mark.parametrize(
    "error",
    [
        AttributeError("no attribute"),
        ImportError("no module"),
        OSError("no file"),
        AssertionError("not so"),
        ValueError("bad value"),
        RecursionError("too deep"),
        SystemExit(3),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_metric_raises_costs_itself_alone(error):
    found = results(metric("bad", raising(error)), GOOD)
    assert found["bad"].failed.startswith(type(error).__name__)
    assert "Traceback" in found["bad"].traceback
    assert (found["bad"].values, found["bad"].skipped) == ({}, "")
    assert found["good"].values == {"good": 1.5}


def test_a_metrics_own_word_that_it_cannot_is_no_failure():
    found = results(metric("bad", raising(ConfigError("too few\nsamples"))))
    assert (found["bad"].skipped, found["bad"].failed) == ("too few samples", "")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "metric bad returned NoneType: it must return a mapping of numbers"),
        ([1.0], "metric bad returned list: it must return a mapping of numbers"),
        ({"worse": 1.0}, "metric bad returned 'worse', which is none of its columns"),
        ({"bad": "3"}, "metric bad returned '3' for bad: it must be a number"),
        ({"bad": None}, "metric bad returned None for bad: it must be a number"),
        ({"bad": [1.0, 2.0]}, "metric bad returned [1.0, 2.0] for bad: it must be a number"),
    ],
)
def test_an_answer_of_another_kind_is_the_metrics_failure(answer, message):
    assert results(metric("bad", lambda: answer))["bad"].failed == message


@pytest.mark.parametrize("number", [2, 2.0, np.float32(2), np.array(2.0), torch.tensor(2.0), True + 1])
def test_a_number_of_any_kind_is_one(number):
    (value,) = results(metric("odd", lambda: {"odd": number}))["odd"].values.values()
    assert (type(value), value) == (float, 2.0)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), torch.tensor(float("-inf"))])
def test_what_is_not_finite_is_undefined(number):
    assert results(metric("odd", lambda: {"odd": number}))["odd"].values == {"odd": None}


@pytest.mark.parametrize("kind", [StopRequestedError, KeyboardInterrupt, MemoryError])
def test_a_stop_and_a_lack_of_memory_go_on(kind):
    with pytest.raises(kind):
        results(metric("bad", raising(kind())), GOOD)


def test_freed_memory_is_given_back_before_each_metric(monkeypatch):
    order = []
    monkeypatch.setattr(scoring, "give_back_freed", lambda: order.append("given back"))
    results(GOOD, metric("another", lambda: order.append("asked") or {"another": 1.0}))
    assert order == ["given back", "given back", "asked"]


def test_each_is_told_before_it_is_asked():
    order = []
    with contextlib.suppress(KeyboardInterrupt):
        results(GOOD, metric("stops", raising(KeyboardInterrupt())), on_metric=order.append)
    assert order == ["good", "stops"]


@pytest.mark.parametrize("raises", [False, True], ids=["returns", "raises"])
@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda: torch.set_default_dtype(torch.float64), "the default dtype"),
        (lambda: torch.set_num_threads(torch.get_num_threads() + 1), "the number of threads"),
        (lambda: torch.set_grad_enabled(not torch.is_grad_enabled()), "whether gradients are recorded"),
        (lambda: os.chdir("/"), "the working directory"),
    ],
    ids=["dtype", "threads", "gradients", "folder"],
)
def test_a_metric_that_changes_what_others_compute_with_fails_alone(change, name, raises):
    def careless():
        change()
        if raises:
            raise ValueError("of its own")
        return {"a": 1.0}

    before = SharedState.now()
    found = results(metric("a", careless), GOOD)
    assert SharedState.now() == before
    assert found["a"].failed.startswith("ValueError" if raises else f"metric a changed {name}")
    assert found["good"].values == {"good": 1.5}


def doing(name, act):
    """Return a metric that does something with the evaluation."""
    columns = (Column(key=name, title=name),)

    class Acting:
        def compute(self, evaluation):
            return {name: act(evaluation)}

    return MetricSpec(name=name, summary="", factory="a:b", columns=columns), Acting()


CHANGES = [
    lambda evaluation: evaluation.features("real").__itruediv__(2),
    lambda evaluation: evaluation.samples("fake").sort(),
    lambda evaluation: evaluation.labels("real").fill(0),
    lambda evaluation: evaluation.extracted("fake").features.__setitem__(0, 1),
    lambda evaluation: evaluation.statistics("real").covariance.__imul__(2),
    lambda evaluation: evaluation.derived("x", ("real",), lambda: {"x": np.ones(3)})["x"].__imul__(2),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_metric_that_changes_shared_arrays_in_place_costs_itself_alone(change):
    rows = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    evaluation = row_evaluation(real=rows, fake=rows + 1, labels={"real": np.arange(20) % 3})

    def total(evaluation):
        shared = [evaluation.features(which).sum() for which in ("real", "fake")]
        return float(sum(shared) + evaluation.labels("real").sum() + evaluation.statistics("real").covariance.sum())

    first, bad, again = score([doing("a", total), doing("bad", change), doing("b", total)], evaluation)
    assert "read-only" in bad.failed
    assert bad.failed.endswith("shared by all metrics, so copy one before changing it")
    assert first.values["a"] == again.values["b"]


def test_tensors_of_shared_arrays_are_made_without_a_warning_and_filters_stay():
    def act(evaluation):
        warnings.simplefilter("ignore")
        return torch.from_numpy(evaluation.features("real")).sum()

    before = list(warnings.filters)
    found = list(score([doing("a", act)], row_evaluation(real=np.ones((2, 1)), fake=np.ones((2, 1)))))
    assert found[0].values == {"a": 2.0}
    assert list(warnings.filters) == before


PICTURE = np.zeros((2, 1, 4, 4), np.uint8)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda evaluation: evaluation.show("fl", np.zeros((2, 8)), 2), "images are float64 (2, 8)"),
        (lambda evaluation: evaluation.show("fl", PICTURE[:0], 2), "images are uint8 (0, 1, 4, 4)"),
        (lambda evaluation: evaluation.show("fl", [1], 2), "images are of type list"),
        (lambda evaluation: evaluation.show("../../evil", PICTURE, 2), "a picture's name must be of a-z"),
        (lambda evaluation: evaluation.show("grid", PICTURE, 2), "the cell has a file of that name"),
        (lambda evaluation: evaluation.show("fl", PICTURE, 0), "columns=0 must be 1 to 1,000"),
        (lambda evaluation: evaluation.state("sample_count", 5), "a metric cannot state it"),
        (lambda evaluation: evaluation.state(3, 5), "a metric cannot state it"),
    ],
)
def test_what_no_record_can_take_costs_the_metric_that_gave_it(act, said):
    evaluation = row_evaluation(real=np.ones((2, 1)), fake=np.ones((2, 1)))
    bad, good = score([doing("bad", act), doing("good", lambda evaluation: 1.0)], evaluation)
    assert said in bad.failed
    assert good.values == {"good": 1.0}
    assert (evaluation.pictures, evaluation.facts()) == ({}, {})


def test_a_picture_stays_as_it_was_given():
    evaluation, images = row_evaluation(real=np.ones((2, 1)), fake=np.ones((2, 1))), PICTURE.copy()
    evaluation.show("near-pairs_2", images, 2)
    images += 1
    assert evaluation.pictures["near-pairs_2"][0].sum() == 0


@pytest.mark.parametrize(
    "value", [np.array("3"), bytearray(b"3"), np.array(b"3"), 1 + 2j, np.complex64(1), torch.tensor(1 + 2j)], ids=repr
)
def test_text_and_complex_numbers_are_no_scores(value):
    assert "it must be a number" in results(metric("bad", lambda: {"bad": value}))["bad"].failed


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit(), BaseException("hm")], ids=repr)
def test_where_ctrl_c_is_ignored_a_metric_that_raises_it_costs_itself_alone(error):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        found = results(metric("bad", raising(error)), GOOD)
    finally:
        signal.signal(signal.SIGINT, before)
    assert found["bad"].failed.startswith(type(error).__name__)
    assert found["good"].values == {"good": 1.5}
