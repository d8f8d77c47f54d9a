"""The loop that asks the metrics: what it makes of what each gives, and that one's fault is its own."""

import contextlib
import math
import os

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
