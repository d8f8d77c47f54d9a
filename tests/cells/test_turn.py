"""Turns between processes: one works, the other waits and is told so."""

import threading

import pytest

from genharness.cells.turn import turn
from genharness.engine.loop import StopRequestedError


def never():
    return False


def test_who_comes_alone_waits_for_nothing(tmp_path):
    told = []
    with turn(tmp_path / "new" / ".lock", on_wait=lambda: told.append(1), should_stop=never) as waited:
        assert waited == 0
    assert told == []


def test_who_comes_second_waits_until_the_first_is_done(tmp_path):
    lock, waiting, order = tmp_path / ".lock", threading.Event(), []

    def second():
        with turn(lock, on_wait=waiting.set, should_stop=never) as waited:
            order.append(("second", waited > 0))

    with turn(lock, on_wait=pytest.fail, should_stop=never):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(60)
        order.append("first")
    thread.join(60)
    assert order == ["first", ("second", True)]


def test_who_is_asked_to_stop_waits_no_longer(tmp_path):
    with (
        turn(tmp_path / ".lock", on_wait=pytest.fail, should_stop=never),
        pytest.raises(StopRequestedError),
        turn(tmp_path / ".lock", on_wait=lambda: None, should_stop=lambda: True),
    ):
        pytest.fail("it is taken")


def test_what_fails_gives_the_turn_back(tmp_path):
    with pytest.raises(ValueError, match="broken"), turn(tmp_path / ".lock", on_wait=pytest.fail, should_stop=never):
        raise ValueError("broken")
    with turn(tmp_path / ".lock", on_wait=pytest.fail, should_stop=never) as waited:
        assert waited == 0
