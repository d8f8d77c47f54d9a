"""Taking turns at one file."""

import threading

from genharness.files.turns import entry_turn


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
