"""Taking turns at one file."""

import threading

from genharness.files.turns import entry_turn, made_once


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
