"""Excess near copies of an evaluation, in features and in pixels, and the pairs that it shows."""

from dataclasses import replace

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness.functional.copying.membership import membership
from genharness.functional.copying.near_copies import near_copies
from genharness_metric_memorisation import CopiesConfig, copies
from genharness_metric_memorisation.copies import Copies

RNG = np.random.default_rng(0)
TRAIN, TEST, NEW = RNG.normal(size=(3, 400, 8)).astype(np.float32)
IMAGES = {which: RNG.integers(0, 256, (200, 1, 12, 12)).astype(np.uint8) for which in ("train", "test", "fake")}


def compute(evaluation, **options):
    with evaluation.noting() as noted:
        return Copies(CopiesConfig(**options)).compute(evaluation), noted


def images(copies=0, **changes):
    """Return an evaluation of noise images; the first of the generated ones are training images."""
    sets = {which: values.copy() for which, values in IMAGES.items()}
    sets["fake"][:copies] = sets["train"][50 : 50 + copies]
    return row_evaluation(real=sets["train"], **sets, **changes)


def test_scores_are_those_of_the_functions():
    fake = np.concatenate([TRAIN[:100], NEW[:300]])
    found, noted = compute(row_evaluation(real=TRAIN, train=TRAIN, test=TEST, fake=fake))
    known, attack = near_copies(TRAIN, TEST, fake), membership(TRAIN, TEST, fake)
    assert found["excess_copies"] == known.excess == pytest.approx(0.25, abs=0.03)
    assert found["closer_to_train"] == known.closer_to_train
    assert found["membership_auc"] == attack.auc
    errors = {key: error for key, error in noted.errors.items() if error == error}  # too few held-out rows to catch any
    expected = {"excess_copies": known.error, "closer_to_train": known.closer_error, "membership_auc": attack.error}
    assert errors == expected


def test_rows_have_no_pixels():
    evaluation = row_evaluation(real=TRAIN, train=TRAIN, test=TEST, fake=NEW)
    assert "excess_copies_pixels" not in compute(evaluation)[0]
    assert evaluation.pictures == {}


def test_as_many_members_as_others_are_compared():
    found, _ = compute(row_evaluation(real=TRAIN, train=TRAIN, test=TEST[:100], fake=NEW))
    assert found["membership_auc"] == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("side", [8, 5, 12])
def test_copied_pictures_are_counted_in_pixels(side):
    found, _ = compute(images(copies=20), pixel_side=side)
    assert found["excess_copies_pixels"] == pytest.approx(0.1, abs=0.02)
    assert compute(images(), pixel_side=side)[0]["excess_copies_pixels"] == pytest.approx(0, abs=0.02)


def test_training_pictures_are_compared_by_parts_and_never_held_together(monkeypatch):
    held, pooled = [], copies._pooled
    monkeypatch.setattr(copies, "_pooled", lambda images, side: held.append(len(images)) or pooled(images, side))
    evaluation = images(copies=20)
    evaluation._sets["test"] = replace(evaluation._sets["test"], samples=IMAGES["test"][:50])
    assert compute(evaluation)[0]["excess_copies_pixels"] > 0
    assert held.count(50) == 9  # the held-out ones, and four blocks of 200 training ones, twice
    assert sum(held) == 9 * 50 + 200  # and the generated ones


def test_fewer_pictures_are_drawn_and_not_the_first():
    evaluation = images(copies=100)
    found, _ = compute(evaluation, pixel_count=60)
    assert found["excess_copies_pixels"] == pytest.approx(0.5, abs=0.2)


def test_the_nearest_pairs_are_shown_side_by_side():
    evaluation = images(copies=3)
    compute(evaluation)
    for name in ("nearest_train", "nearest_train_pixels"):
        shown, columns = evaluation.pictures[name]
        assert (shown.shape, columns) == ((16, 1, 12, 12), 8)
        np.testing.assert_array_equal(shown[0:6:2], shown[1:6:2])
        assert (shown[6] != shown[7]).any()


def test_held_out_rows_are_no_standard_for_themselves():
    sets = {"real": TRAIN, "train": TRAIN, "test": TEST}
    found, noted = compute(row_evaluation(fake=TEST[::-1].copy(), **sets))
    assert all(np.isnan(value) for value in found.values())
    assert noted.errors == {}
    some, _ = compute(row_evaluation(fake=np.concatenate([TEST[:100], NEW[:300]]), **sets))
    assert np.isfinite(some["excess_copies"])
