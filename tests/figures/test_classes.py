"""Shares of classes over seeds, and their distance from real ones."""

import numpy as np
import pytest

from board_records import record
from genharness.board.build import build
from genharness.figures.classes import Shares, confusion_of_row, shares_of_row, total_variation
from genharness.functional.modes import class_modes
from genharness.plugin.registry import load_registry
from report_pages import studied, with_pictures


def test_shares_are_means_between_the_lowest_and_the_highest_seed():
    found = Shares.of([np.array([1, 3]), np.array([2, 2])])
    assert (found.mean.tolist(), found.low.tolist(), found.high.tolist()) == ([0.375, 0.625], [0.25, 0.5], [0.5, 0.75])


def test_the_distance_is_that_of_the_metric():
    rng = np.random.default_rng(0)
    for _ in range(50):
        real, fake = (rng.integers(0, 30, 7) + 1 for _ in range(2))
        found = total_variation(Shares.of([fake]), Shares.of([real]))
        assert found == pytest.approx(class_modes(real, fake).total_variation)


def test_classes_are_read_from_every_seed_that_keeps_them(tmp_path):
    records = studied()
    folder = with_pictures(tmp_path, records)
    (group,) = build(records, load_registry()).groups
    row = next(row for row in group.rows if row.model == "vae")
    assert len(shares_of_row(row, folder).mean) == 3
    (bare,) = build([record("vae", 1.0)], load_registry()).groups
    assert shares_of_row(bare.rows[0], tmp_path / "elsewhere") is None


def test_what_the_record_says_needs_no_folder():
    one = record("vae", 1.0)
    one.classes, one.confusion = {"real": [1, 1], "generated": [1, 3]}, [[1, 1], [0, 2]]
    two = record("vae", 2.0, seed=1)
    two.classes, two.confusion = {"real": [1, 1], "generated": [4, 0]}, [[2, 0], [0, 0]]
    (group,) = build([one, two], load_registry()).groups
    assert shares_of_row(group.rows[0], None).mean.tolist() == [0.625, 0.375]
    assert confusion_of_row(group.rows[0]).tolist() == [[0.75, 0.25], [0.0, 1.0]]
    assert confusion_of_row(build([record("vae", 1.0)], load_registry()).groups[0].rows[0]) is None
