"""A clock that is set forth and back by days in the middle of a run: nothing that counts hangs on it."""

import datetime
import itertools
import json
import os
import time
from types import SimpleNamespace

import pytest
from filelock import FileLock

from board_records import record
from genharness.cells.cell import run_task
from genharness.cells.turn import turn
from genharness.data.facts import facts_reader
from genharness.files.turns import is_taken, take
from genharness.plugin.registry import load_registry
from genharness.results import index
from genharness.results.store import Store
from genharness.spec import record as records
from genharness.spec.cell import Settings
from genharness.study.plan import expand
from genharness.study.suite import Suite

DAY = 86_400
REAL_TIME = time.time


@pytest.fixture
def jumping(monkeypatch):
    """Every look at the clock of the day finds it days before or after the last one; the steady clock goes on."""
    days = itertools.cycle([0, 3, -2, 40, -400])
    jumped = lambda: REAL_TIME() + next(days) * DAY  # noqa: E731  -- in place of a function

    class Jumping(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.fromtimestamp(jumped(), tz)

    monkeypatch.setattr(time, "time", jumped)
    monkeypatch.setattr(records, "datetime", SimpleNamespace(datetime=Jumping, UTC=datetime.UTC))


def task_of(folder, budget, **settings):
    registry = load_registry()
    asked = {"models": ("ae",), "datasets": ("digits#200",), "metrics": ("fid",), "features": "pixels", "samples": 40}
    suite = Suite(baselines=False, budget=budget, **asked)
    where = Settings(results=folder, threads=1, **settings)
    Store(folder, writing=True).open_for_writing()
    return expand(suite, registry, where, facts_reader(registry)).tasks[0]


@pytest.mark.slow
def test_seconds_of_training_progress_and_checkpoints_follow_the_steady_clock(jumping, tmp_path):
    events, began = [], time.monotonic()
    done = run_task(task_of(tmp_path, "0.3s", checkpoint_seconds=0.05), events.append, lambda: False)
    spent = time.monotonic() - began
    assert done.status == "ok"
    assert 0.3 <= done.measurements["train_seconds"] <= spent
    assert done.measurements["cell_seconds"] <= spent
    training = [event for event in events if event.phase == "train" and event.step]
    assert training
    assert all(0 <= event.eta_seconds <= 300 for event in training)
    assert [json.loads(path.read_text())["status"] for path in tmp_path.glob("records/*.json")] == ["ok"]


@pytest.mark.parametrize("days", [-400, 400])
def test_who_holds_a_cell_is_told_by_its_lock_and_not_by_the_age_of_a_file(jumping, tmp_path, days):
    """A lock file of last year or from the future keeps nobody waiting where nobody holds it, and else everybody."""
    file = tmp_path / ".lock"
    file.touch()
    os.utime(file, (REAL_TIME() + days * DAY,) * 2)
    refuse = lambda: pytest.fail("nobody holds it")  # noqa: E731
    with turn(file, on_wait=refuse, should_stop=lambda: False) as waited:
        os.utime(file, (REAL_TIME() + days * DAY,) * 2)
        assert waited == 0
        assert is_taken(file)
        assert not take(FileLock(file), timeout_seconds=0)
    assert not is_taken(file)


@pytest.mark.parametrize("days", [-4000, 4000])
def test_records_are_all_read_whenever_they_were_written(jumping, tmp_path, monkeypatch, days):
    monkeypatch.setattr(index, "_WORTHWHILE", 2)
    store = Store(tmp_path, writing=True)
    store.open_for_writing()
    for seed in range(4):
        path = store.save(record("vae", 3.0, seed=seed))
        os.utime(path, (REAL_TIME() + days * DAY,) * 2)
    for score in (3.0, 5.0):  # through the index that the first reading left, and with one that changed since
        found = {one.cell.seed: one.scores["fid"] for one in Store(tmp_path).records(history=False)}
        assert found == {0: score, 1: 3.0, 2: 3.0, 3: 3.0}
        store.save(record("vae", 5.0, seed=0))
