"""The pass of neighbours that metrics share."""

import numpy as np
import pytest

import genharness.kit.neighbours
from evaluations import row_evaluation
from genharness.errors import NotDefinedError
from genharness.functional.neighbours.shared_pass import neighbour_pass as functional_pass
from genharness.functional.prdc import prdc_of
from genharness.kit.neighbours import neighbour_pass

REAL, FAKE = np.random.default_rng(0).normal(size=(2, 200, 5)).astype(np.float32)


@pytest.mark.parametrize("strict", [True, False])
def test_it_is_the_pass_over_the_samples(strict):
    found = neighbour_pass(row_evaluation(real=REAL, fake=FAKE), 3, 0, strict=strict)
    assert prdc_of(found) == prdc_of(functional_pass(REAL, FAKE, 3, strict=strict))


def test_it_is_made_once_for_each_k_count_and_kind_of_ball(monkeypatch):
    made = []

    def make(*args, **options):
        made.append(options["strict"])
        return functional_pass(*args, **options)

    monkeypatch.setattr(genharness.kit.neighbours, "make_pass", make)
    evaluation = row_evaluation(real=REAL, fake=FAKE)
    for k, count, strict in [(3, 0, True), (3, 500, True), (3, 0, False), (4, 0, True), (3, 100, True), (3, 0, True)]:
        neighbour_pass(evaluation, k, count, strict=strict)
    assert made == [True, False, True, True]


def test_both_sides_have_equally_many():
    found = neighbour_pass(row_evaluation(real=REAL, fake=FAKE[:80]), 3, 60)
    assert (found.real.size, found.fake.size) == (60, 60)


def test_too_few_samples_are_said():
    with pytest.raises(NotDefinedError, match="5 neighbours need more than 5 samples of each side, and there are 5"):
        neighbour_pass(row_evaluation(real=REAL, fake=FAKE[:5]), 5, 0)
