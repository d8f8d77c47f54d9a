"""Precision, recall, density and coverage of an evaluation: equally many samples of both sides."""

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness.functional.neighbours.ball_counts import expected_coverage
from genharness.functional.prdc import prdc
from genharness_metric_prdc import PrdcConfig
from genharness_metric_prdc.prdc import Prdc

RNG = np.random.default_rng(0)
REAL, FAKE = RNG.normal(size=(2, 900, 6)).astype(np.float32)


def scores(real, fake, **options):
    evaluation = row_evaluation(real=REAL[:real], fake=FAKE[:fake])
    return Prdc(PrdcConfig(**options)).compute(evaluation), evaluation.facts()


@pytest.mark.parametrize(("real", "fake", "most"), [(900, 900, 0), (900, 200, 0), (200, 900, 0), (900, 800, 300)])
def test_one_distribution_has_one_coverage_at_any_counts(real, fake, most):
    found, facts = scores(real, fake, count=most)
    compared = min(real, fake, most or 900)
    assert facts == {"prdc_samples": compared}
    assert found["coverage"] == pytest.approx(expected_coverage(compared, compared), abs=0.05)
    assert found["density"] == pytest.approx(1, abs=0.15)


def test_sets_of_one_size_are_compared_whole():
    assert scores(900, 900)[0]["coverage"] == prdc(REAL, FAKE).coverage
