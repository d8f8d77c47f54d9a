"""How fast rows got good."""

import pytest

from board_records import record
from genharness.board.build import build
from genharness.board.sheets import render_sheets
from genharness.board.sweeps.speed import Threshold, parse_threshold, speed_sheets
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry

STEPS = [100, 200, 300, 400]


def trained(model, scores, *, seed=0, seconds=(1.0, 2.0, 3.0, 4.0), flops=1e6, **changes):
    made = record(model, scores[-1], seed=seed, batch_size=10, **changes)
    made.history.scores = {"step": STEPS, "samples": [50] * 4, "fid": list(scores)}
    made.history.seconds = list(seconds)
    made.measurements |= {"train_steps": 400.0, "train_seconds": 8.0, **({"step_flops": flops} if flops else {})}
    return made


def board(*records):
    return build(records, load_registry())


FAST = [trained("dcgan", [50, 25 + seed, 20, 18], seed=seed) for seed in range(4)]
SLOW = [trained("vae", [90, 60, 29, 25 + seed], seed=seed, seconds=(2, 4, 6, 8)) for seed in range(4)]
NEVER = [trained("gan", [90, 80, 70, 29], seed=seed, flops=None) for seed in range(4)]


def test_rows_stand_in_the_order_in_which_they_got_there():
    seconds, images, flops = speed_sheets(board(*SLOW, *NEVER, *FAST, record("real", 0.1)), Threshold("fid", 30.0))
    assert [row[0] for row in seconds.rows] == ["dcgan", "vae", "gan"]
    assert [row[1:5] for row in seconds.rows] == [
        ["4 of 4", 2.0, 2.0, 2.0],
        ["4 of 4", 6.0, 6.0, 6.0],
        ["0 of 4", None, None, None],
    ]
    assert [row[2] for row in images.rows] == [2000.0, 3000.0, None]
    assert [row[2] for row in flops.rows] == [2e9, 3e9]
    assert "gan: flops were not measured" in flops.notes
    assert "gan did not hold 30 at two looks running (0 of 4 seeds; 4 at the last look alone)" in seconds.notes
    assert seconds.rows[0][5] is None
    assert seconds.rows[1][5] == pytest.approx(
        3 * 2 / 70
    )  # of 70 ways to deal the ranks two are so extreme; three pairs
    assert [row[8] for row in seconds.rows] == [18, 26.5, 29]


def test_the_mean_over_log_is_taken_where_all_rows_have_looks():
    (sheet,) = speed_sheets(board(*FAST, *SLOW), Threshold("fid", 30.0), ["seconds"])
    assert any("from 2 to 4;" in note for note in sheet.notes)  # the slow row's first look, the fast row's last
    assert 18 < sheet.rows[0][6] < 28 < sheet.rows[1][6] < 90
    assert sheet.rows[1][7] < 0.001


def test_a_seed_that_diverged_never_came():
    lost = record("dcgan", None, seed=9, status="diverged", batch_size=10)
    (sheet,) = speed_sheets(board(*FAST, lost), Threshold("fid", 30.0), ["images"])
    assert sheet.rows[0][1] == "4 of 5"


def test_a_seed_that_was_not_scored_over_training_is_left_out_and_said():
    """Nobody knows when it got there: it did not fail to."""
    blind = [record("dcgan", 18.0, seed=seed, batch_size=10) for seed in (7, 8, 9)]
    (sheet,) = speed_sheets(board(*FAST[:2], *blind, *SLOW), Threshold("fid", 30.0), ["images"])
    assert sheet.rows[0][:3] == ["dcgan", "2 of 2", 2000.0]
    assert "dcgan: 3 of 5 seeds were not scored over training: left out" in sheet.notes


def test_a_threshold_can_be_what_another_row_reaches():
    (sheet,) = speed_sheets(board(*FAST, *SLOW), Threshold("fid", "vae"), ["images"])
    assert "FD ≤ 26.5" in sheet.title
    assert "vae did not hold 26.5 at two looks running (0 of 4 seeds; 2 at the last look alone)" in sheet.notes
    assert not any("last look alone" in note for note in sheet.notes if note.startswith("dcgan"))
    with pytest.raises(ConfigError, match="no row 'vea' with looks at training; did you mean 'vae'"):
        speed_sheets(board(*FAST, *SLOW), Threshold("fid", "vea"))


def test_a_record_from_before_looks_had_a_time_shares_its_seconds_out_by_steps():
    old = [trained("dcgan", [50, 25, 20, 18], seconds=())]
    (sheet,) = speed_sheets(board(*old), Threshold("fid", 30.0), ["seconds"])
    assert sheet.rows[0][2] == 4.0


@pytest.mark.parametrize("form", ["table", "json", "csv", "md", "latex"])
def test_every_format_has_it(form):
    text = render_sheets(speed_sheets(board(*FAST, *SLOW), Threshold("fid", 30.0)), form)
    assert "4 of 4" in text
    assert "dcgan" in text


def test_what_cannot_be_reached_is_refused():
    plain = board(record("vae", 3.0))
    with pytest.raises(ConfigError, match="no row has 'fid' over training at two looks: run with --score-every"):
        speed_sheets(plain, Threshold("fid", 3.0))
    with pytest.raises(ConfigError, match="--against steps is no cost; known: flops, images, seconds"):
        speed_sheets(plain, Threshold("fid", 3.0), ["steps"])


@pytest.mark.parametrize("text", ["fid", "fid=", "=3", "fid=inf", "fid=nan"])
def test_a_threshold_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="is none of COLUMN=SCORE"):
        parse_threshold(text)


def test_a_threshold_is_a_number_or_a_row():
    assert parse_threshold("fid = 30") == Threshold("fid", 30.0)
    assert parse_threshold("fid=vae lr=0.1") == Threshold("fid", "vae lr=0.1")
