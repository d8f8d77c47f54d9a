"""The front holds the points that no other beats in both."""

import random

from board_records import record
from genharness.board.build import build
from genharness.figures.tradeoff import pareto_front, trade_off
from genharness.plugin.registry import load_registry


def test_the_front_is_the_set_of_points_that_nobody_dominates():
    rng = random.Random(3)
    for _ in range(300):
        points = [(rng.randint(0, 6), rng.randint(0, 6)) for _ in range(rng.randint(0, 12))]
        free = {
            point for point in points if not any(a <= point[0] and b <= point[1] and (a, b) != point for a, b in points)
        }
        assert {points[place] for place in pareto_front(points)} == free


def board(*records):
    (group,) = build(records, load_registry()).groups
    return group


def test_rows_without_one_of_both_numbers_and_references_stay_out():
    group = board(record("vae", 3.0), record("gan", 2.0, seed=1), record("ae", None), record("real", 1.0))
    found = trade_off(group, "train_seconds", "fid")
    assert {point.row.label for point in found.points} == {"vae", "gan"}
    assert [point.row.label for point in found.front] == ["vae", "gan"]
    with_real = trade_off(group, "train_seconds", "fid", references=True)
    assert "real" in {point.row.label for point in with_real.points}
    assert [point.row.label for point in with_real.front] == ["vae", "gan"]


def test_higher_is_better_turns_the_front_round():
    group = board(
        record("vae", 1.0, scores={"coverage": 0.9}),
        record("gan", 1.0, seed=1, scores={"coverage": 0.5}),
    )
    assert [point.row.label for point in trade_off(group, "train_seconds", "coverage").front] == ["vae"]


def test_one_row_or_an_unknown_column_is_no_trade_off():
    assert trade_off(board(record("vae", 3.0)), "train_seconds", "fid") is None
    assert trade_off(board(record("vae", 3.0), record("gan", 2.0)), "nothing", "fid") is None
