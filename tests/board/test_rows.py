"""The numbers of a row, and how a column reads them."""

import pytest

from board_records import record
from genharness.board.rows import BoardColumn, Estimate, Row
from genharness.spec.columns import Column

RATIO = BoardColumn(Column(key="fid", title="FID", unit="px", higher_is_better=False, ratio=True), "FD")


def row(*values, **changes):
    records = [record("vae", value, seed=seed) for seed, value in enumerate(values)]
    return Row("vae", "", False, list(range(len(values))), {}, 0, records, **changes)


def test_values_by_seed_leave_out_what_is_undefined_or_beyond_use():
    assert row(1.0, None, float("inf"), 3.0).by_seed("fid") == {0: 1.0, 3: 3.0}


def test_a_measurement_is_found_as_a_score_is():
    assert row(1.0, 2.0).by_seed("train_seconds") == {0: 10.0, 1: 11.0}


@pytest.mark.parametrize(("scores", "ratio"), [([1.0, 2.0], True), ([1.0, 0.0], False), ([1.0, -2.0], False)])
def test_ratios_need_scores_above_zero(scores, ratio):
    assert RATIO.by_ratio({"vae": dict(enumerate(scores))}) is ratio


def test_a_column_that_asks_for_no_ratio_gets_none():
    assert not BoardColumn(Column(key="recall", title="Recall"), "Recall").by_ratio({"vae": {0: 1.0}})


def test_a_heading_has_title_unit_and_the_better_end():
    assert RATIO.heading == "FD (px) ↓"


def test_the_interquartile_mean_leaves_an_outlier_out():
    assert Estimate(26.5, 49.0, 4, (1.0, 2.0, 3.0, 100.0)).interquartile_mean == 2.5
    assert Estimate(None, None, 0).interquartile_mean is None


def test_marks_stand_for_a_collapse_and_for_other_code():
    assert row(1.0, collapse="recall 0").marks == "†"
    assert row(1.0, collapse="recall 0", other_code=("code of vae changed",)).marks == "†‡"
    assert row(1.0, unscored=True).marks == "§"
    assert row(1.0).marks == ""


def test_what_was_lost_is_a_share_of_all_seeds_that_ended():
    one = row(1.0, 2.0, 3.0)
    assert one.lost("fid") == 0
    one.failed = 2
    assert one.lost("fid") == 0.4


@pytest.mark.parametrize("undefined", [None, float("nan"), 1e300])
def test_a_seed_whose_score_is_undefined_is_lost_in_that_column_alone(undefined):
    one = row(1.0, undefined, 3.0, 4.0)
    assert one.lost("fid") == 0.25
    assert one.lost("train_seconds") == 0
