"""What the loop over metrics makes of what each of them gives."""

import math

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness.measure.scoring import score
from genharness.spec.plugins import Column, MetricSpec

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
