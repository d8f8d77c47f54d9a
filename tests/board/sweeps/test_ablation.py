"""Single changes from a base, found among the rows of a board."""

import dataclasses
import math

import pytest

from board_records import record
from genharness.board.build import build
from genharness.board.sweeps.ablation import ablation_sheets
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry

BASE = {"lr": 1e-3, "norm": "batch", "latent": 8}


def rows(score, n=8, **changes):
    return [
        record("vae", score * math.exp(0.01 * ((5 * seed) % 7)), seed=seed, options={**BASE, **changes})
        for seed in range(n)
    ]


@pytest.fixture(scope="module")
def board():
    records = [*rows(2.0), *rows(2.6, norm="none"), *rows(2.0, lr=1e-4), *rows(9.0, lr=1e-2, latent=2)]
    return build([*records, record("real", 0.5)], load_registry())


def test_the_base_is_the_row_from_which_most_differ_in_one_setting(board):
    (sheet,) = ablation_sheets(board, "vae", ["fid"])
    told = {row[0]: row[1:] for row in sheet.rows}
    assert set(told) == {"norm: batch -> none", "lr: 0.001 -> 0.0001"}
    worse = told["norm: batch -> none"]
    assert worse[1] == pytest.approx(0.3)
    assert worse[-1] == "worse"
    assert told["lr: 0.001 -> 0.0001"][-1] is None
    assert any(note.startswith("lr: 0.001 -> 0.0001: no difference larger than") for note in sheet.notes)
    assert "Holm over 2 changes from one base" in sheet.notes[-1]


def diverged(n=6, **changes):
    return [record("vae", None, seed=seed, status="diverged", options={**BASE, **changes}) for seed in range(n)]


def test_a_change_that_never_trained_is_told_and_one_that_lost_seeds_is_not_called_equal():
    lost = rows(1.0, n=5, latent=4)
    records = [*rows(2.0), *lost, *diverged(lr=0.1), *diverged(lr=0.1, latent=4), record("real", 0.5)]
    failed = record("vae", None, seed=5, status="diverged", options={**BASE, "latent": 4})
    (sheet,) = ablation_sheets(build([*records, failed], load_registry()), "vae latent=8", ["fid"])
    assert sheet.rows[0][-1] is None
    assert "50% better (" in sheet.notes[0]
    assert "17% of its seeds have none (0% of the base's), so it is not called better" in sheet.notes[0]
    assert sheet.notes[1] == "lr: 0.001 -> 0.1: all 6 seeds diverged"
    assert len(sheet.notes) == 3


def test_where_every_change_diverges_they_are_told_all_the_same():
    board = build([*rows(2.0), *diverged(1, lr=0.1), record("real", 0.5)], load_registry())
    (sheet,) = ablation_sheets(board, "vae", ["fid"])
    assert (sheet.rows, sheet.notes) == ([], ["lr: 0.001 -> 0.1: its one seed diverged"])


def test_another_base_is_named_by_its_settings(board):
    (sheet,) = ablation_sheets(board, "vae norm=none", ["fid"])
    assert [row[0] for row in sheet.rows] == ["norm: none -> batch"]


@pytest.mark.parametrize(
    ("base", "metrics", "message"),
    [
        ("vea", [], "no row 'vea' with others that differ from it in one setting; did you mean 'vae'"),
        ("real", [], "no row 'real' with others"),
        ("vae lr=7", [], "no row 'vae lr=7'"),
        ("vae", ["fdi"], "no column 'fdi'"),
    ],
)
def test_what_cannot_be_ablated_is_refused(board, base, metrics, message):
    with pytest.raises(ConfigError, match=message):
        ablation_sheets(board, base, metrics)


def test_a_base_that_could_be_several_rows_is_asked_for():
    several = build([*rows(2.0), *rows(2.6, lr=1e-4)], load_registry())
    with pytest.raises(ConfigError, match=r"could be 'vae lr=0.001', 'vae lr=0.0001': write its settings"):
        ablation_sheets(several, "vae")


def test_at_two_budgets_a_row_that_differs_in_more_than_the_budget_is_no_single_change():
    """It stood in the table as one more change of the budget."""
    length = {"budget": "9steps", "length": "9steps"}
    short = [dataclasses.replace(one, cell=dataclasses.replace(one.cell, **length)) for one in rows(3.0)]
    shorter = [dataclasses.replace(one, cell=dataclasses.replace(one.cell, **length)) for one in rows(4.0, lr=1e-4)]
    several = build([*rows(2.0), *rows(2.6, lr=1e-4), *short, *shorter], load_registry())
    (sheet,) = ablation_sheets(several, "vae budget=smoke lr=0.001", ["fid"])
    assert [row[0] for row in sheet.rows] == ["lr: 0.001 -> 0.0001", "budget: smoke -> 9steps"]
    assert sheet.rows[1][2] == pytest.approx(0.5)


def test_lists_stand_by_the_words_of_their_rows():
    records = [*rows(2.0, kinds=[]), *rows(2.6, kinds=["colour", "cutout"])]
    (sheet,) = ablation_sheets(build(records, load_registry()), "vae kinds=none", ["fid"])
    assert [row[0] for row in sheet.rows] == ["kinds: none -> colour,cutout"]
