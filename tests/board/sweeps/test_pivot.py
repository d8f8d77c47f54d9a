"""A score over two settings."""

import pytest

from board_records import record
from genharness.board.build import build
from genharness.board.sweeps.pivot import pivot_sheets
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry


def point(lr, latent, score, **changes):
    return record("vae", score, options={"lr": lr, "latent": latent, "norm": changes.pop("norm", "batch")}, **changes)


@pytest.fixture(scope="module")
def board():
    points = [point(1e-3, 128, 4.0), point(1e-3, 8, 3.0), point(1e-4, 8, 2.0), point(1e-4, 8, 4.0, seed=1)]
    return build([*points, point(1e-3, 8, 5.0, norm="none"), record("real", 0.1)], load_registry())


def test_entries_are_means_over_seeds_and_rows_in_the_order_of_the_values(board):
    (sheet,) = pivot_sheets(board, ["lr", "latent"], "fid")
    assert sheet.heads == ["lr \\ latent", "8", "128"]
    assert sheet.rows == [["0.0001", 3.0, None], ["0.001", 4.0, 4.0]]
    assert sheet.notes == ["an entry is the mean over up to 2 rows, which differ in norm: choose with --where"]


def test_settings_of_which_no_seed_trained_are_named():
    points = [point(1e-3, 8, 3.0), point(1e-4, 8, 2.0), point(1e-4, 16, 2.0)]
    lost = [point(lr, latent, None, status="diverged") for lr, latent in ((1e-1, 8), (1e-1, 16), (1e-3, 16))]
    (sheet,) = pivot_sheets(build([*points, *lost], load_registry()), ["lr", "latent"], "fid")
    assert sheet.notes == ["left out, since no seed ended well: lr=0.1, lr=0.001 latent=16"]


def test_settings_without_a_value_are_named():
    points = [point(1e-3, 8, 3.0), point(1e-4, 8, None)]
    (sheet,) = pivot_sheets(build(points, load_registry()), ["lr", "latent"], "fid")
    assert sheet.notes == ["left out, since fid has no value: lr=0.0001"]


@pytest.mark.parametrize(
    ("axes", "value", "message"),
    [
        (["lr"], "fid", "--pivot takes two different settings"),
        (["lr", "lr"], "fid", "--pivot takes two different settings"),
        (["lr", "latnt"], "fid", "no row has a setting 'latnt'; did you mean 'latent'"),
        (["lr", "latent"], "fdi", "no column 'fdi'"),
    ],
)
def test_a_pivot_that_cannot_be_is_refused(board, axes, value, message):
    with pytest.raises(ConfigError, match=message):
        pivot_sheets(board, axes, value)


def test_lists_stand_by_the_words_of_their_rows():
    kinds = ([], ["colour", "cutout"])
    points = [record("vae", 1.0 + lr, options={"lr": lr, "kinds": one}) for lr in (1, 2) for one in kinds]
    (sheet,) = pivot_sheets(build(points, load_registry()), ["kinds", "lr"], "fid")
    assert [row[0] for row in sheet.rows] == ["colour,cutout", "none"]
    (sheet,) = pivot_sheets(build(points, load_registry()), ["lr", "kinds"], "fid")
    assert sheet.heads[1:] == ["colour,cutout", "none"]
