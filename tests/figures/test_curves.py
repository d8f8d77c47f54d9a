"""Curves over training: means over seeds, bins, and what they come to."""

import random
from statistics import fmean

import pytest

from board_records import record
from genharness.board.build import build
from genharness.figures.curves import (
    Curve,
    binned,
    held_out_curves,
    loss_curves,
    remark,
    score_curve,
    scored_columns,
    steps_of_best,
)
from genharness.plugin.registry import load_registry
from genharness.spec.history import BestPoint


def row(*records):
    (group,) = build(records, load_registry()).groups
    return group.rows[0]


def with_scores(seed, values, steps=None):
    one = record("vae", 1.0, seed=seed)
    one.history.scores = {"step": steps or [10 * (place + 1) for place in range(len(values))], "fid": values}
    return one


def test_a_score_curve_is_the_mean_between_the_lowest_and_the_highest_seed():
    curve = score_curve(row(with_scores(0, [4.0, 2.0, None]), with_scores(1, [6.0, 3.0, 1.0])), "fid")
    assert (curve.steps, curve.mean, curve.low, curve.high) == ([10, 20, 30], [5, 2.5, 1], [4, 2, 1], [6, 3, 1])


def test_losses_of_held_out_samples_have_curves_by_name():
    one = with_scores(0, [4.0, 2.0])
    one.history.held_out = {"step": [10, 20], "loss": [3.0, 5.0], "once": [1.0]}
    ((name, curve),) = held_out_curves(row(one)).items()
    assert (name, curve.steps, curve.mean) == ("loss", [10, 20], [3.0, 5.0])


def test_the_columns_that_have_curves_begin_with_those_that_rows_are_compared_by():
    one = with_scores(0, [4.0, 2.0])
    one.scores |= {"ssim": 0.5, "density": 0.5}
    one.history.scores |= {"ssim": [0.1, 0.2], "density": [0.1, 0.2]}
    (group,) = build([one], load_registry()).groups
    assert [column.key for column in scored_columns(group, group.rows)] == ["fid", "density", "ssim"]


def test_one_point_is_no_curve():
    assert score_curve(row(with_scores(0, [4.0])), "fid") is None
    assert score_curve(row(record("vae", 1.0)), "fid") is None


def test_bins_keep_the_mean_of_what_falls_in_them():
    rng = random.Random(4)
    steps = sorted(rng.sample(range(1, 5000), 700))
    values = [rng.gauss(0, 1) for _ in steps]
    found = binned({"step": steps, "loss": values}, 60)
    assert len(found["step"]) <= 60
    assert found["step"][-1] == steps[-1]
    width = steps[-1] / 60
    for end, mean in zip(found["step"], found["loss"], strict=True):
        inside = [value for step, value in zip(steps, values, strict=True) if end - width < step <= end + 1e-9]
        assert mean == pytest.approx(fmean(inside))


def test_losses_that_are_not_finite_leave_gaps_and_few_points_are_kept():
    one = record("vae", 1.0)
    one.history.losses = {"step": [1, 2, 3], "loss": [1.0, None, 3.0], "kl": [0.5, 0.4, 0.3]}
    curves = loss_curves(row(one))
    assert [(curve.name, list(curve.mean)) for curve in curves] == [("loss", [1.0, 3.0]), ("kl", [0.5, 0.4, 0.3])]


def curve(values):
    return Curve("fid", [100 * (place + 1) for place in range(len(values))], values, values, values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([100, 50, 25, 12, 6], "still falling"),
        ([100, 50, 10, 10.1, 10.2, 10], "flat since step 300"),
        ([100, 10, 30, 40], "best at step 200, worse since"),
    ],
)
def test_a_remark_says_what_a_curve_comes_to(values, words):
    assert remark(curve(values), higher_is_better=False) == words


def test_of_scores_that_should_rise_the_remark_is_turned_round():
    assert remark(curve([0.1, 0.3, 0.5, 0.7, 0.9]), higher_is_better=True) == "still rising"
    assert remark(curve([0.1, 0.9, 0.5, 0.5]), higher_is_better=True) == "best at step 200, worse since"


def test_the_best_checkpoints_of_the_seeds_that_have_one():
    one, other = record("vae", 1.0), record("vae", 2.0, seed=1)
    one.history.best = BestPoint(column="fid", step=5, value=2.0)
    assert steps_of_best([one, other]) == [(5, 2.0)]
