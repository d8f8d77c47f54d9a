"""Memorisation over an evaluation: copies are seen, and new samples are none."""

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness.kit.sampling_errors import share_error
from genharness_metric_memorisation import MemorisationConfig
from genharness_metric_memorisation.memorisation import MemorisationMetric

RNG = np.random.default_rng(0)
TRAIN, TEST, NEW = (RNG.normal(size=(n, 4)).astype(np.float32) for n in (400, 300, 300))


def scores(fake):
    evaluation = row_evaluation(real=TRAIN, train=TRAIN, test=TEST, fake=fake)
    return MemorisationMetric(MemorisationConfig(cells=3)).compute(evaluation)


def test_new_samples_of_the_same_distribution_are_as_far_from_the_training_data_as_held_out_ones():
    found = scores(NEW)
    assert found["copied"] == 0
    assert abs(found["ct"]) < 3
    assert found["distance_ratio"] == pytest.approx(1, abs=0.2)


def test_copies_are_counted_and_every_sign_shows_them():
    found = scores(TRAIN[:300])
    assert found["copied"] == 1
    assert found["ct"] < -3
    assert found["distance_ratio"] == 0
    assert found["authenticity"] == 0


def test_half_copies_are_half():
    assert scores(np.concatenate([TRAIN[:150], NEW[:150]]))["copied"] == 0.5


def test_a_share_of_copies_has_the_error_of_a_share():
    evaluation = row_evaluation(real=TRAIN, train=TRAIN, test=TEST, fake=np.concatenate([TRAIN[:108], NEW[:192]]))
    with evaluation.noting() as noted:
        found = MemorisationMetric(MemorisationConfig(cells=3)).compute(evaluation)
    assert found["copied"] == 0.36
    assert noted.errors["copied"] == share_error(0.36, 300)
    assert noted.errors["authenticity"] == share_error(found["authenticity"], 300)
