"""Paths that users type."""

import os
import sys
from pathlib import Path

import pytest

from genharness.errors import DataError
from genharness.files.paths import expanded, input_path, printable


def test_a_file_and_a_folder_are_found(tmp_path):
    (tmp_path / "a").touch()
    assert input_path(str(tmp_path / "a")) == tmp_path / "a"
    assert input_path(str(tmp_path)) == tmp_path


def test_the_home_folder_is_resolved(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert input_path("~") == tmp_path


def test_what_is_not_there_is_none(tmp_path):
    assert input_path(str(tmp_path / "a")) is None


@pytest.mark.parametrize("word", ["", "a\0b", "x" * 5000, "~nobody-of-this-name/a"])
def test_what_is_no_possible_path_is_one_line(word):
    with pytest.raises(DataError) as caught:
        input_path(word)
    assert str(caught.value).isprintable()


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes by name there")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        input_path(str(tmp_path / "pipe"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain.png", "plain.png"), ("zwölf.png", "zwölf.png"), ("a\nb", "a\\nb"), ("a\x1b[31m", "a\\x1b[31m")],
)
def test_what_cannot_be_printed_is_escaped(text, shown):
    assert printable(text) == shown


def test_a_name_that_is_no_text_is_escaped():
    name = os.fsdecode(b"a\xff.png")
    assert printable(Path(name)).encode() == b"a\\xff.png"


def test_the_users_home_is_found_and_nobodys_is_a_plain_name(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded("~/a") == tmp_path / "a"
    assert expanded("~nobody-of-that-name/a") == Path("~nobody-of-that-name/a")
