"""The listeners of a run: one that raises is switched off."""

import os
from pathlib import Path

import pytest

from genharness.api.trackers import Trackers


class Listens:
    def __init__(self, breaks_at="", error=None):
        self.heard, self.breaks_at, self.error = [], breaks_at, error or ValueError("out of paper")

    def __getattr__(self, name):
        def hear(*_):
            self.heard.append(name)
            if name == self.breaks_at:
                raise self.error

        return hear


def run_with(*listeners):
    said = []
    trackers = Trackers({f"t{place}": one for place, one in enumerate(listeners)}, said.append)
    trackers.start([])
    trackers.event(None)
    trackers.record(None)
    trackers.finish()
    return said


def test_everything_is_heard_in_order():
    one = Listens()
    assert run_with(one) == []
    assert one.heard == ["start", "event", "record", "finish"]


@pytest.mark.parametrize("when", ["start", "event", "record", "finish"])
@pytest.mark.parametrize("error", [ValueError("out of paper"), SystemExit(3), AssertionError()], ids=repr)
def test_one_that_raises_is_told_once_hears_no_more_and_costs_no_other(when, error):
    broken, sound = Listens(when, error), Listens()
    (line,) = run_with(broken, sound)
    assert line.startswith(f"tracker t0 is switched off: {type(error).__name__}")
    assert broken.heard[-1] == when
    assert sound.heard == ["start", "event", "record", "finish"]


def test_the_users_stop_goes_on():
    with pytest.raises(KeyboardInterrupt):
        run_with(Listens("event", KeyboardInterrupt()))


def test_a_tracker_cannot_change_a_record(tmp_path):
    class Falsifies(Listens):
        def record(self, record):
            record["scores"]["fid"] = -1.0

    record, later = {"scores": {"fid": 3.0}}, []

    class Reads(Listens):
        def record(self, record):
            later.append(record["scores"]["fid"])

    Trackers({"a": Falsifies(), "b": Reads()}, print).record(record)
    assert (record, later) == ({"scores": {"fid": 3.0}}, [3.0])


def test_one_that_goes_to_another_folder_is_switched_off_and_the_run_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Goes(Listens):
        def start(self, tasks):
            os.chdir("/")

    assert "changed the working directory of the whole process" in run_with(Goes())[0]
    assert Path.cwd() == tmp_path
