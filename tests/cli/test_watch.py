"""`genharness watch`: what ends is told once, what is worked on is named."""

import os

from board_records import record
from genharness.cli.watch import news, worked_on
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


def test_cells_that_are_written_to_and_have_no_record_are_worked_on(tmp_path):
    store = Store(tmp_path)
    store.open_for_writing()
    done = record("vae", 1.0)
    store.save(done)
    for name in (done.cell.id, "gan-digits-s0-1", "old-digits-s0-1"):
        place = store.cell(name).path
        place.mkdir()
        (place / "checkpoint.pt").touch()
        for path in (place / "checkpoint.pt", place):
            os.utime(path, (1000, 1000) if name.startswith("old") else (9000, 9000))
    assert worked_on(store, now=9005) == ["gan-digits-s0-1"]


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
