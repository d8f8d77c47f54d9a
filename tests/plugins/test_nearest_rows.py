"""One search for the nearest training rows serves all metrics of copies, whoever makes it."""

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness.functional import memorisation as functional
from genharness.functional.prdc import nearest
from genharness_metric_memorisation import CopiesConfig, MemorisationConfig, nearest_rows
from genharness_metric_memorisation.copies import Copies
from genharness_metric_memorisation.memorisation import MemorisationMetric

LEVELS = np.random.default_rng(0).integers(0, 3, (3, 60, 4)).astype(np.float32)  # ties and rows that repeat
TRAIN, TEST, FAKE = LEVELS[0], LEVELS[1] + 0.5, LEVELS[2] + 0.25


def expected(fake=FAKE, train=TRAIN):
    distances, indices = nearest(fake, train)
    return distances.numpy().tolist(), indices.numpy().tolist()


def asked(evaluation):
    return tuple(one.numpy().tolist() for one in nearest_rows.nearest_rows(evaluation))


@pytest.mark.parametrize("reference", [TRAIN, TEST], ids=["train", "test"])
def test_they_are_those_of_a_search_whatever_finds_them(reference):
    evaluation = row_evaluation(real=reference, train=TRAIN, test=TEST, fake=FAKE)
    assert asked(evaluation) == expected()


def test_a_reference_that_is_the_training_split_takes_them_from_the_shared_pass(monkeypatch):
    monkeypatch.setattr(nearest_rows, "nearest", None)  # no other search
    assert asked(row_evaluation(real=TRAIN, train=TRAIN, test=TEST, fake=FAKE)) == expected()
    with pytest.raises(TypeError):
        asked(row_evaluation(real=TEST, train=TRAIN, test=TEST, fake=FAKE))


def test_copies_and_memorisation_search_once(monkeypatch):
    alone = MemorisationMetric(MemorisationConfig(cells=1)).compute(
        row_evaluation(real=TEST, train=TRAIN, test=TEST, fake=FAKE)
    )
    evaluation = row_evaluation(real=TEST, train=TRAIN, test=TEST, fake=FAKE)
    Copies(CopiesConfig()).compute(evaluation)
    monkeypatch.setattr(nearest_rows, "nearest", None)
    assert MemorisationMetric(MemorisationConfig(cells=1)).compute(evaluation) == alone


def test_what_is_found_already_gives_the_same_signs():
    alone = functional.memorisation(TRAIN, TEST, FAKE, cells=1)
    with_it = functional.memorisation(TRAIN, TEST, FAKE, cells=1, found=nearest(FAKE, TRAIN))
    assert (with_it.authenticity, with_it.copying_score, with_it.distance_ratio) == (
        alone.authenticity,
        alone.copying_score,
        alone.distance_ratio,
    )
