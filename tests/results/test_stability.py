"""How steadily a cell trained, and whether it collapsed."""

import math

import pytest

from genharness.results.stability import collapse, stability_of
from genharness.spec.cell import Cell
from genharness.spec.columns import Column
from genharness.spec.history import History
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

COLUMNS = (
    Column(key="recall", title="Recall", collapse_below=0.1, collapse_beside="precision"),
    Column(key="modes_covered", title="Modes", collapse_below=0.5),
    Column(key="pair_ssim", title="Pair SSIM", alike=True),
)
REAL = {"recall": 0.9, "precision": 0.9, "modes_covered": 10.0, "pair_ssim": 0.4}
DIRECTIONS = {"fid": False, "coverage": True, "pair_ssim": None}


def record(losses=None, scores=None, events=(), status="ok"):
    cell = Cell(
        model="vae",
        dataset="digits",
        seed=0,
        budget="smoke",
        length="1steps",
        protocol=Protocol(extractor="classifier", sample_count=10),
    )
    history = History(losses=losses or {}, scores=scores or {}, events=[*events])
    return Record(cell=cell, status=status, history=history)


def test_the_variance_of_a_loss_is_that_of_the_last_half_of_training():
    found = stability_of(record({"step": [1, 2, 3, 4], "loss": [100.0, 50.0, 1.0, 3.0]}), DIRECTIONS)
    assert found.loss_variance == pytest.approx({"loss": 2.0})


def test_a_loss_that_stands_still_has_variance_zero_and_one_point_has_none():
    still = record({"step": [1, 2, 3, 4], "loss": [2.0, 2.0, 2.0, 2.0]})
    assert stability_of(still, DIRECTIONS).loss_variance == {"loss": 0.0}
    assert stability_of(record({"step": [1], "loss": [2.0]}), DIRECTIONS).loss_variance == {}


def test_last_minus_best_is_how_much_was_lost_again_whichever_end_is_better():
    scores = {"step": [1, 2, 3], "fid": [9.0, 2.0, 5.0], "coverage": [0.1, 0.8, 0.5], "pair_ssim": [1.0, 0.0, 0.5]}
    found = stability_of(record(scores=scores), DIRECTIONS)
    assert found.last_minus_best == pytest.approx({"fid": 3.0, "coverage": 0.3})


def test_a_model_that_ends_at_its_best_lost_nothing():
    scores = {"step": [1, 2], "fid": [9.0, 2.0]}
    assert stability_of(record(scores=scores), DIRECTIONS).last_minus_best == {"fid": 0.0}


@pytest.mark.parametrize("broken", [math.nan, math.inf, None], ids=["nan", "inf", "null of JSON"])
def test_a_step_with_a_broken_loss_counts_once_however_many_losses_broke(broken):
    losses = {"step": [1, 2], "d": [1.0, broken], "g": [1.0, broken]}
    event = {"step": 2, "event": "diverged", "losses": ["d", "g"]}
    found = stability_of(record(losses, events=[event], status="diverged"), DIRECTIONS)
    assert (found.nan_events, found.diverged) == (1, True)


def test_a_record_without_a_history_is_no_error():
    bare = record()
    bare.history = History()
    assert stability_of(bare, DIRECTIONS).nan_events == 0


def signs(**scores):
    return [str(sign) for sign in collapse(scores, REAL, COLUMNS)]


def test_collapse_is_judged_against_the_real_value_and_not_by_an_absolute_one():
    assert signs(modes_covered=4.0) == ["modes_covered 4 is under 50% of the real 10"]
    assert collapse({"modes_covered": 4.0}, {"modes_covered": 6.0}, COLUMNS) == []


def test_every_sign_of_collapse_is_given_with_its_numbers():
    assert signs(recall=0.01, precision=0.9, modes_covered=4.0, pair_ssim=0.6) == [
        "recall 0.01 is under 10% of the real 0.9",
        "modes_covered 4 is under 50% of the real 10",
    ]


def test_low_recall_tells_collapse_only_of_good_samples():
    """A sample that is far from all real ones raises no recall, however different it is from the others."""
    assert signs(recall=0.0, precision=0.5) == signs(recall=0.0) == []
    assert signs(recall=0.0, precision=0.9) == ["recall 0 is under 10% of the real 0.9"]


def test_samples_that_are_all_different_have_not_collapsed_whatever_an_extractor_sees():
    """All of noise is one class to a classifier."""
    assert signs(modes_covered=1.0, pair_ssim=0.005) == []


@pytest.mark.parametrize(
    ("scores", "real"),
    [({}, {"modes_covered": 9}), ({"modes_covered": None}, {"modes_covered": 9}), ({"modes_covered": 0.0}, {})],
)
def test_what_cannot_be_compared_is_no_sign(scores, real):
    assert collapse(scores, real, COLUMNS) == []


def test_a_score_that_says_nothing_of_collapse_is_no_sign():
    assert collapse({"fid": 0.0}, {"fid": 3.0}, COLUMNS) == []
