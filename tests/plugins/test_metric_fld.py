"""The FLD gap of an evaluation: its draws, its error, and samples that cannot be judged."""

import math

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness.functional.copying.likelihood_gap import likelihood_gap
from genharness_metric_memorisation import FldConfig, fld
from genharness_metric_memorisation.fld import FldGap

TRAIN, TEST, NEW = np.random.default_rng(0).normal(size=(3, 120, 8)).astype(np.float32)


def compute(fake=NEW, *, train=TRAIN, test=TEST, **options):
    evaluation = row_evaluation(real=test, train=train, test=test, fake=fake)
    with evaluation.noting() as noted:
        return FldGap(FldConfig(**options)).compute(evaluation)["fld_gap"], noted


def test_it_is_that_of_the_function_with_its_numbers_stated(monkeypatch):
    monkeypatch.setattr(fld, "HALVES", 3)
    found, noted = compute()
    assert found == likelihood_gap(TRAIN, TEST, NEW).gap
    assert noted.facts == {"fld_samples": 120, "fld_held_out": 120}
    assert 0 < noted.errors["fld_gap"] < abs(found) + 5


def test_as_many_training_rows_as_samples_are_taken(monkeypatch):
    monkeypatch.setattr(fld, "HALVES", 2)
    _, noted = compute(NEW[:50])
    assert noted.facts["fld_samples"] == 50
    _, noted = compute(count=40)
    assert noted.facts == {"fld_samples": 40, "fld_held_out": 40}


def test_held_out_rows_are_not_judged_by_themselves():
    found, noted = compute(TEST)
    assert math.isnan(found)
    assert noted.errors == {}


def test_copies_are_told(monkeypatch):
    monkeypatch.setattr(fld, "HALVES", 2)
    fake = NEW.copy()
    fake[:30] = TRAIN[:30]
    assert compute(fake)[0] < compute()[0] - 20


@pytest.mark.parametrize("count", [1, 2])
def test_few_samples_give_no_error_or_a_number(count, monkeypatch):
    monkeypatch.setattr(fld, "HALVES", 2)
    found, noted = compute(NEW[:count])
    assert math.isfinite(found)
    assert count > 1 or "fld_gap" not in noted.errors or math.isnan(noted.errors["fld_gap"])
