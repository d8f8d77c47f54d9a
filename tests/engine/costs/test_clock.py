"""A clock that counts only what runs under it."""

import itertools

import pytest
import torch

from genharness.engine.costs import clock
from genharness.engine.costs.clock import Clock


@pytest.fixture
def ticking(monkeypatch):
    """Every look at the clock finds a second more."""
    seconds = itertools.count()
    monkeypatch.setattr(clock.time, "perf_counter", lambda: float(next(seconds)))


def test_the_time_between_blocks_is_not_counted(ticking):
    watch = Clock(torch.device("cpu"))
    for _ in range(3):
        with watch.running():
            pass
        clock.time.perf_counter()
    assert watch.seconds == 3.0


def test_a_resumed_clock_goes_on_from_where_it_was(ticking):
    watch = Clock(torch.device("cpu"), seconds=10.0)
    with watch.running():
        clock.time.perf_counter()
    assert watch.seconds == 12.0


def test_the_device_is_waited_for_at_both_ends(ticking, monkeypatch):
    waits = []
    monkeypatch.setattr(torch.cuda, "synchronize", waits.append)
    watch = Clock(torch.device("cuda:0"))
    with watch.running():
        assert waits == [torch.device("cuda:0")]
    assert len(waits) == 2


def test_processor_time_is_counted_beside_it(ticking, monkeypatch):
    spent = itertools.count(step=5)
    monkeypatch.setattr(clock.time, "process_time", lambda: float(next(spent)))
    watch = Clock(torch.device("cpu"), cpu_seconds=7.0)
    with watch.running():
        pass
    clock.time.process_time()
    assert (watch.seconds, watch.cpu_seconds) == (1.0, 12.0)
