"""Which table stands in the place of a leaderboard."""

import json

import pytest

from board_records import record
from genharness.cli.screen.sheets import SheetRequest, sheet_text
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry

ROWS = [record("vae", 3.0 + latent, options={"lr": lr, "latent": latent}) for lr in (1e-3, 1e-4) for latent in (2, 8)]


def text(form="csv", **asked):
    return sheet_text(SheetRequest(**asked), ROWS, load_registry(), (), form)


def test_a_pivot_says_to_programs_what_it_is_of():
    (plain,) = json.loads(text("json", pivot=("lr", "latent")))
    found = {name: plain[name] for name in ("model", "dataset", "column", "down", "across")}
    assert found == {"model": "vae", "dataset": "digits", "column": "fid", "down": "lr", "across": "latent"}
    assert plain["protocol_hash"] in plain["title"]


def test_the_column_that_ranks_stands_in_a_pivot_unless_another_is_named():
    assert text(pivot=("lr", "latent")) == text(pivot=("lr", "latent"), value="fid")
    assert text(pivot=("lr", "latent")) != text(pivot=("lr", "latent"), value="train_seconds")


def test_only_what_is_asked_for_is_a_table_and_only_curves_need_a_history():
    assert SheetRequest().kinds == []
    assert SheetRequest(pivot=("a", "b")).kinds == ["--pivot"]
    assert [SheetRequest(time_to="fid=3").of_curves, SheetRequest(importance="vae").of_curves] == [True, False]


@pytest.mark.parametrize(
    ("asked", "of_boards", "lines"),
    [
        ({}, ["--best-of"], []),
        ({"pivot": ("a", "b"), "value": "fid"}, [], []),
        ({"time_to": "fid=3", "against": ("images",)}, [], []),
        (
            {"pivot": ("a", "b")},
            ["--best-of"],
            ["--best-of is of leaderboards, and --pivot is a table of its own: leave one out"],
        ),
        ({"value": "fid"}, [], ["--value is read by --pivot and --importance: give one of them too"]),
        ({"importance": "vae", "against": ("images",)}, [], ["--against is read by --time-to: give it too"]),
        (
            {"time_to": "fid=3", "value": "fid"},
            [],
            ["--value is read by --pivot and --importance: give one of them too"],
        ),
    ],
)
def test_options_without_effect_are_told(asked, of_boards, lines):
    assert SheetRequest(**asked).without_effect(of_boards) == lines


def test_two_tables_at_once_are_refused():
    with pytest.raises(ConfigError, match="--pivot and --time-to exclude each other"):
        text(pivot=("lr", "latent"), time_to="fid=3")
