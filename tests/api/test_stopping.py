"""Signals that stop a run."""

import os
import signal
import threading

import pytest

from genharness.api.stopping import stopping


def test_the_first_signal_asks_and_the_second_ends_at_once():
    stop, said = threading.Event(), []
    with stopping(stop, lambda: said.append(1)):
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.is_set()
        assert said == [1]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_handlers_are_as_they_were_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    with stopping(threading.Event()):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_another_thread_changes_nothing():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        with stopping(threading.Event()):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
