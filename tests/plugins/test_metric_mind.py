"""MIND of an evaluation."""

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness.functional.mind import mind
from genharness.functional.sampling_error import mind_error
from genharness_metric_mind import MindConfig
from genharness_metric_mind.mind import Mind

REAL, FAKE = np.random.default_rng(0).normal(size=(2, 300, 8)).astype(np.float32)


def test_equal_sets_are_compared_whole_with_the_options():
    found = Mind(MindConfig(directions=50, kind="random", direction_seed=3)).compute(
        row_evaluation(real=REAL, fake=FAKE)
    )
    assert found == {"mind": mind(REAL, FAKE, directions=50, kind="random", seed=3)}


def test_the_error_is_that_of_other_samples():
    evaluation = row_evaluation(real=REAL, fake=FAKE)
    with evaluation.noting() as noted:
        Mind(MindConfig()).compute(evaluation)
    assert noted.errors == {"mind": mind_error(REAL, FAKE, directions=128)}


def test_unequal_sets_score_as_equal_ones_of_the_smaller_size():
    evaluation = row_evaluation(real=REAL, fake=FAKE[:100])
    found = Mind(MindConfig()).compute(evaluation)["mind"]
    assert evaluation.facts() == {"mind_samples": 100}
    assert found == pytest.approx(mind(REAL[:100], FAKE[:100]), rel=0.2)
