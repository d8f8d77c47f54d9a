"""Taking turns at one file."""

import errno
import fcntl
import os
import threading

import pytest
from filelock import FileLock

from genharness.errors import RunError
from genharness.files.turns import entry_turn, is_taken, made_once, refuse_without_locks, take


def test_one_holds_the_turn_and_the_others_wait(tmp_path):
    order = []
    inside = threading.Event()

    def second():
        inside.wait(10)
        with entry_turn(tmp_path / "entry") as writable:
            order.append(("second", writable))

    other = threading.Thread(target=second)
    other.start()
    with entry_turn(tmp_path / "entry") as writable:
        inside.set()
        other.join(0.2)
        order.append(("first", writable))
    other.join(10)
    assert order == [("first", True), ("second", True)]


def test_a_folder_that_cannot_be_made_costs_only_the_keeping(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with entry_turn(tmp_path / "file" / "entry") as writable:
        assert not writable


def test_an_error_gives_the_turn_back(tmp_path):
    try:
        with entry_turn(tmp_path / "entry"):
            raise KeyError
    except KeyError:
        pass
    with entry_turn(tmp_path / "entry") as writable:
        assert writable


class Entry:
    """A kept text, and how often it was made."""

    def __init__(self, path, full=False):
        self.path, self.full, self.made = path, full, 0

    def get(self):
        return made_once(self.path, read=self.read, make=self.make, write=self.write)

    def read(self):
        return self.path.read_text() if self.path.exists() else None

    def make(self):
        self.made += 1
        return "made"

    def write(self, text):
        if self.full:
            raise OSError(28, "No space left on device")
        self.path.write_text(text)


def test_an_entry_is_made_once_and_read_from_then_on(tmp_path):
    entry = Entry(tmp_path / "new" / "entry")
    assert [entry.get(), entry.get(), entry.made] == ["made", "made", 1]


def test_an_entry_that_another_made_while_one_waited_is_not_made_again(tmp_path):
    entry = Entry(tmp_path / "entry")
    with entry_turn(entry.path):
        waiting = threading.Thread(target=entry.get)
        waiting.start()
        waiting.join(0.2)
        entry.write("theirs")
    waiting.join(10)
    assert entry.made == 0


def test_an_entry_that_cannot_be_written_is_used_all_the_same(tmp_path):
    entry = Entry(tmp_path / "entry", full=True)
    assert [entry.get(), entry.get(), entry.made] == ["made", "made", 2]


@pytest.fixture(params=[errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def without_locks(request, monkeypatch):
    """A file system that has no flock."""

    def refuse(*_):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr("fcntl.flock", refuse)


@pytest.mark.usefixtures("without_locks")
def test_a_file_system_without_locks_is_one_line_and_a_cache_goes_without(tmp_path):
    with pytest.raises(RunError, match=r"lies on a file system without locks .* put results"):
        take(FileLock(tmp_path / "cell.lock"), timeout_seconds=0)
    (tmp_path / "other.lock").touch()
    with pytest.raises(RunError, match=r"lies on a file system without locks .* put results"):
        is_taken(tmp_path / "other.lock")
    with pytest.raises(RunError, match=r"lies on a file system without locks .* put results"):
        refuse_without_locks(tmp_path)
    assert made_once(tmp_path / "entry", read=lambda: None, make=lambda: 3, write=pytest.fail) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"other.lock"}  # no file that stands for a lock


def test_a_folder_with_locks_or_of_which_nothing_can_be_told_is_not_refused(tmp_path):
    refuse_without_locks(tmp_path)
    refuse_without_locks(tmp_path / "missing")
    assert not list(tmp_path.iterdir())


def test_a_lock_that_another_holds_is_not_taken(tmp_path):
    with FileLock(tmp_path / "a.lock"):
        assert not take(FileLock(tmp_path / "a.lock"), timeout_seconds=0)
    assert take(FileLock(tmp_path / "a.lock"), timeout_seconds=0)


def test_whether_a_lock_is_taken_is_seen_by_those_who_may_only_read_and_costs_nobody_a_turn(tmp_path):
    file = tmp_path / "a.lock"
    assert not is_taken(file)
    assert not file.exists()
    with FileLock(file):
        file.chmod(0o444)
        assert is_taken(file)
    assert not is_taken(file)
    with file.open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)  # another who looks
        assert not is_taken(file)
