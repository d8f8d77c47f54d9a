"""`genharness watch`: what ends is told once, what is worked on is named."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from board_records import record
from genharness.cli.screen.endings import Ended
from genharness.cli.watch import news, status, submitted, watch, worked_on
from genharness.errors import RunError
from genharness.results.store import Store


def test_each_end_is_told_once_and_again_when_it_changes(tmp_path):
    store, known = Store(tmp_path), {}
    assert list(news(store, known)) == []
    store.open_for_writing()
    first = record("vae", 1.0)
    first.finished_at = "2026-01-02"
    earlier = record("gan", None, status="failed", reason="no")
    earlier.finished_at = "2026-01-01"
    for one in (first, earlier):
        store.save(one)
    assert [one.cell.model for one in news(store, known)] == ["gan", "vae"]
    assert list(news(store, known)) == []
    first.scores["fid"] = 123.456
    store.save(first)
    assert [one.scores["fid"] for one in news(store, known)] == [123.456]


HOLDING = """
import sys, filelock
lock = filelock.FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_cells_are_worked_on_while_a_process_lives_that_holds_them(tmp_path):
    store = Store(tmp_path)
    assert worked_on(store) == []
    store.open_for_writing()
    for name in ("gan-digits-s0-1", "old-digits-s0-1"):
        store.cell(name).lock.touch()
    command = [sys.executable, "-c", HOLDING, store.cell("gan-digits-s0-1").lock]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        assert worked_on(store) == ["gan-digits-s0-1"]
        other.kill()
    assert worked_on(store) == []


def test_a_folder_that_cannot_be_read_is_no_study_that_has_not_begun(tmp_path):
    (tmp_path / "results").write_text("")
    with pytest.raises(RunError, match="is a file"):
        list(news(Store(tmp_path / "results"), {}))


def test_a_look_is_a_few_lines(genharness, tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    store.save(record("vae", 1.5))
    store.save(record("gan", None, status="failed", reason="no \x1b[31m way"))
    lines = genharness("watch", tmp_path / "results", "--once").stdout.splitlines()
    assert sorted(lines) == [
        "2 cells ended; worked on: none",
        "gan on digits, seed 0: failed after ?: no \\x1b[31m way",
        "vae on digits, seed 0: done in ?  fid 1.5",
    ]


def test_scores_stand_in_the_order_of_the_leaderboard_and_settings_that_differ_beside_the_model(tmp_path):
    store = Store(tmp_path)
    store.open_for_writing()
    scores = {"vendi": 1.5, "pair_ssim": 0.5, "coverage": 0.25, "clipped_density": 0.75, "kid": 2.0}
    for lr in (0.1, 0.2):
        one = record("vae", 10.0 * lr, options={"lr": lr, "latent": 2}, scores=scores)
        one.scores = {**scores, "fid": 10.0 * lr}  # in the order in which files may have them
        store.save(one)
    lines = CliRunner().invoke(watch, [str(tmp_path), "--once"]).output.splitlines()
    assert sorted(lines)[1:] == [
        "vae lr=0.1 on digits, seed 0: done in ?  fid 1  kid 2  clipped_density 0.75",
        "vae lr=0.2 on digits, seed 0: done in ?  fid 2  kid 2  clipped_density 0.75",
    ]


def test_settings_are_told_from_those_of_cells_that_ended_before(tmp_path, monkeypatch, capsys):
    store = Store(tmp_path)
    store.open_for_writing()
    store.save(record("vae", 1.0, options={"lr": 0.1}))

    def another_ends(_seconds):
        if len(store.ids()) > 1:
            raise KeyboardInterrupt
        store.save(record("vae", None, options={"lr": 0.2}, status="failed", reason="no"))

    monkeypatch.setattr(time, "sleep", another_ends)
    watch.callback(tmp_path, 1.0, once=False)
    assert "vae lr=0.2 on digits, seed 0: failed" in capsys.readouterr().out
    assert "vae lr=0.2 on digits, seed 0: failed" in CliRunner().invoke(status, [str(tmp_path)]).output


@pytest.mark.parametrize("made", [True, False])
def test_one_look_at_a_folder_without_results_is_refused_as_other_commands_do(tmp_path, made):
    folder = tmp_path / "results"
    if made:
        folder.mkdir()
    for command in ([watch, "--once"], [status]):
        with pytest.raises(RunError, match=f"there are no results in {folder}"):
            CliRunner().invoke(command[0], [str(folder), *command[1:]], catch_exceptions=False)


def test_watching_begins_before_the_run_does(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "later"
    looks = []

    def goes_on(_seconds):
        looks.append(len(looks))
        if len(looks) == 3:
            folder.mkdir()
        elif len(looks) == 5:
            Store(folder).open_for_writing()
        elif len(looks) == 7:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", goes_on)
    watch.callback(folder, 1.0, once=False)
    assert capsys.readouterr().out.splitlines() == [
        f"{folder} does not exist yet: waiting for a run to begin there",
        f"{folder} has no results yet: waiting for a run to begin there",
        "0 cells ended; worked on: none",
    ]


def test_the_status_of_a_study_that_was_submitted(tmp_path):
    store = Store(tmp_path)
    store.open_for_writing()
    done, lost = record("vae", 1.0), record("gan", None, status="failed", reason="no disk")
    for one in (done, lost):
        store.save(one)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "cells.json").write_text(json.dumps({done.cell.id: "7_0", "ae-digits-s0-1": "7_1"}))
    said = CliRunner().invoke(status, [str(tmp_path)]).output
    assert "no disk" in said
    assert "ae-digits-s0-1  waits as job 7_1\n" in said
    assert said.splitlines()[-1] == "1 failed, 1 ok, 1 waiting"
    (tmp_path / "jobs" / "cells.json").write_text("[")
    assert submitted(store) == {}


def test_the_status_says_what_a_queue_says(tmp_path, monkeypatch):
    """Of a cell that was interrupted, too: a job that was put back into the queue goes on with it."""
    store = Store(tmp_path)
    store.open_for_writing()
    done, again = record("vae", 1.0), record("gan", None, status="interrupted", reason="stopped on request")
    for one in (done, again):
        store.save(one)
    (tmp_path / "jobs").mkdir()
    jobs = {done.cell.id: "7_0", again.cell.id: "7_1", "ae-digits-s0-1": "7_2", "glow-digits-s0-1": "7_3"}
    (tmp_path / "jobs" / "cells.json").write_text(json.dumps(jobs))
    monkeypatch.setattr("genharness.cli.watch.queued", lambda _, asked: {"7_1": "pending", "7_2": "running"})
    assert CliRunner().invoke(status, [str(tmp_path)]).output.splitlines() == [
        f"{again.cell.id}  job 7_1: pending",
        "ae-digits-s0-1  job 7_2: running",
        "glow-digits-s0-1  its job 7_3 has ended without a record: run again",
        "1 ok, 2 waiting, 1 without a record",
    ]


def test_a_record_that_cannot_be_read_is_named_and_the_others_are_told(tmp_path):
    store = Store(tmp_path)
    store.open_for_writing()
    store.save(record("vae", 1.0))
    os.mkfifo(store.records_folder / "strange.json")
    (tmp_path / "jobs").mkdir()
    os.mkfifo(tmp_path / "jobs" / "cells.json")
    for command in ([watch, "--once"], [status]):
        done = CliRunner().invoke(command[0], [str(tmp_path), *command[1:]])
        assert done.exit_code == 0
        assert "strange.json cannot be read (it is no regular file): it is left out" in done.stderr
        assert "1 ok" in done.stdout or "vae on digits" in done.stdout


@pytest.mark.parametrize("content", [b"[" * 100_000, b"[]", b"{", b"\xff"])
def test_a_damaged_list_of_jobs_is_none(tmp_path, content):
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "cells.json").write_bytes(content)
    assert submitted(Store(tmp_path)) == {}


@pytest.mark.parametrize("end", [KeyboardInterrupt(), Ended(signal.SIGTERM)], ids=["Ctrl-C", "SIGTERM"])
def test_ctrl_c_is_how_watching_ends_and_another_signal_is_an_end_of_its_own(tmp_path, monkeypatch, end):
    def interrupted(_seconds):
        raise end

    monkeypatch.setattr(time, "sleep", interrupted)
    Store(tmp_path).open_for_writing()
    if isinstance(end, Ended):
        with pytest.raises(Ended):
            watch.callback(tmp_path, 1.0, once=False)
    else:
        watch.callback(tmp_path, 1.0, once=False)
