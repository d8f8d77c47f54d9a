"""Intervals are kept by the scores that they are of, and computed where anything is in doubt."""

import random

import pytest

from genharness.results import kept_file, kept_intervals
from genharness.results.kept_intervals import KeptIntervals
from genharness.stats import intervals
from genharness.stats.intervals import mean_intervals

DRAW = random.Random(0)
ROWS = [[DRAW.gauss(row, 1) for _ in range(8 + row % 3)] for row in range(30)]


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(kept_intervals, "_WORTHWHILE", 5)


@pytest.fixture
def kept(tmp_path):
    made = KeptIntervals(tmp_path)
    mean_intervals(ROWS, known=made.known)
    made.save()
    return made


def test_they_come_back_to_the_last_bit_and_nothing_is_computed(kept, tmp_path, monkeypatch):
    expected = mean_intervals(ROWS)
    monkeypatch.setattr(intervals, "_bootstrap_t", lambda *_: pytest.fail("computed"))
    assert mean_intervals(ROWS, known=KeptIntervals(tmp_path).known) == expected
    assert mean_intervals(ROWS[3:7], known=KeptIntervals(tmp_path).known) == expected[3:7]


def test_other_scores_are_computed(kept, tmp_path):
    other = [[*ROWS[0][:-1], ROWS[0][-1] + 1e-12], ROWS[1]]
    assert mean_intervals(other, known=KeptIntervals(tmp_path).known) == mean_intervals(other)


def test_an_interval_is_the_same_alone_and_in_company():
    assert [one for row in ROWS for one in mean_intervals([row])] == mean_intervals(ROWS)


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", lambda old: old[:-9], lambda old: old[:-1] + b"x", lambda old: b"zz" + old, lambda _: b"\0"],
)
def test_a_damaged_file_is_made_anew(kept, tmp_path, damage):
    kept._path.write_bytes(damage(kept._path.read_bytes()))
    found = KeptIntervals(tmp_path)
    assert found.known == {}
    mean_intervals(ROWS, known=found.known)
    found.save()
    assert KeptIntervals(tmp_path).known == kept.known


def test_those_of_other_code_do_not_count(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_intervals, "_format", lambda: ["other"])
    assert KeptIntervals(tmp_path).known == {}


def test_few_new_ones_are_not_written(tmp_path):
    made = KeptIntervals(tmp_path)
    mean_intervals(ROWS[:3], known=made.known)
    made.save()
    assert not made._path.exists()


def test_of_very_many_the_latest_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_intervals, "_MOST", 7)
    made = KeptIntervals(tmp_path)
    mean_intervals(ROWS, known=made.known)
    made.save()
    assert KeptIntervals(tmp_path).known.items() == set(list(made.known.items())[-7:])


def test_a_full_disk_costs_no_table(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_file, "write_bytes", full)
    made = KeptIntervals(tmp_path)
    mean_intervals(ROWS, known=made.known)
    made.save()
    assert KeptIntervals(tmp_path).known == {}
