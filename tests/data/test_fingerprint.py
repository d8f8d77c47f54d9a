"""Whether a user's own files changed."""

import os

import pytest

from genharness.data.fingerprint import fingerprint


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cats").mkdir()
    for name in ("cats/1.png", "cats/2.png", "a.txt"):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, ns=(0, 10**18))
    return tmp_path


def test_it_stays_while_nothing_changes(folder):
    assert fingerprint(folder) == fingerprint(folder) != ""


CHANGES = {
    "a new file": lambda folder: (folder / "cats" / "3.png").touch(),
    "a file gone": lambda folder: (folder / "a.txt").unlink(),
    "another name": lambda folder: (folder / "a.txt").rename(folder / "b.txt"),
    "another place": lambda folder: (folder / "cats" / "1.png").rename(folder / "1.png"),
    "another size": lambda folder: (folder / "a.txt").write_text("longer than before"),
    "another time": lambda folder: os.utime(folder / "a.txt", ns=(0, 10**18 + 1)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_shows(folder, change):
    before = fingerprint(folder)
    change(folder)
    assert fingerprint(folder) != before


def test_a_single_file_has_one_too(folder):
    before = fingerprint(folder / "a.txt")
    (folder / "a.txt").write_text("another")
    assert fingerprint(folder / "a.txt") != before


def test_what_is_not_there_has_none(folder):
    assert fingerprint(folder / "b.txt") == ""
