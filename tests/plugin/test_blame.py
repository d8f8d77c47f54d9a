"""Whose code failed, in one line."""

import importlib

import pytest

from genharness.plugin.blame import one_line, place, whole_traceback

AUTHOR = """
import json
import torch

def own():
    raise ValueError("two\\nlines")

def through_the_standard_library():
    json.loads("{")

def through_torch():
    torch.zeros(2) @ torch.zeros(3)

def called_back(function):
    return torch.utils.data.DataLoader([1], collate_fn=lambda batch: function())

class Silent(Exception):
    pass

def silent():
    raise Silent
"""


@pytest.fixture
def author(tmp_path, monkeypatch):
    (tmp_path / "an_author.py").write_text(AUTHOR)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("an_author")
    monkeypatch.delitem(importlib.sys.modules, "an_author")


def raised(function):
    """Return the error of a function, without this file in its stack: here the harness would stand."""
    try:
        function()
    except Exception as error:
        return error.with_traceback(error.__traceback__.tb_next)
    raise AssertionError("it raised nothing")


def line_of(text):
    return next(number for number, line in enumerate(AUTHOR.splitlines(), start=1) if text in line)


@pytest.mark.parametrize(
    ("name", "line"),
    [("own", "two"), ("through_the_standard_library", "json.loads"), ("through_torch", "torch.zeros(2)")],
)
def test_the_authors_own_line_is_named_whatever_it_called(author, name, line):
    assert place(raised(getattr(author, name))) == f" (an_author.py:{line_of(line)})"


def test_one_line_has_kind_text_and_place_without_a_break(author):
    assert one_line(raised(author.own)) == f"ValueError: two lines (an_author.py:{line_of('two')})"


def test_an_error_that_says_nothing_is_named_by_its_kind(author):
    assert one_line(raised(author.silent)).startswith("Silent (an_author.py:")


def test_what_the_system_refused_says_what_helps():
    assert one_line(RuntimeError("can't start new thread")).endswith(
        ": allow more processes and threads (ulimit -u), or end others"
    )


def test_a_very_long_text_is_cut():
    assert len(one_line(ValueError("x" * 10_000))) < 700


def test_an_error_that_was_never_raised_has_no_place():
    assert place(ValueError("a")) == ""


def test_the_whole_traceback_holds_what_it_was_raised_from(author):
    def wrapped():
        try:
            author.own()
        except ValueError as error:
            raise KeyError("outer") from error

    text = whole_traceback(raised(wrapped))
    assert text.index("ValueError") < text.index("direct cause") < text.index("KeyError: 'outer'")
