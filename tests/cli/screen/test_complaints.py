"""What went wrong, in a line each, and the whole of it where it was asked for."""

import click
import pytest
from click.testing import CliRunner

from genharness.cli.screen import complaints
from genharness.cli.screen.complaints import debug_option, debugging, print_errors, show_traceback


@pytest.fixture(autouse=True)
def _nothing_asked(monkeypatch):
    monkeypatch.setattr(complaints, "_asked", [])


@click.command()
@debug_option
def command():
    click.echo("did it")


def raised():
    try:
        raise ValueError("broken\x1b[31m")
    except ValueError as error:
        return error


def test_a_traceback_is_shown_only_where_it_was_asked_for(capsys):
    show_traceback(raised())
    assert capsys.readouterr().err == ""
    assert CliRunner().invoke(command, ["--debug"]).stdout == "did it\n"
    assert debugging()
    show_traceback(raised())
    text = capsys.readouterr().err
    assert text.startswith("Traceback")
    assert "ValueError: broken\\x1b[31m" in text  # escaped: nothing speaks to the terminal


def test_without_the_option_nothing_is_debugged():
    CliRunner().invoke(command, [])
    assert not debugging()


def test_every_mistake_is_a_line(capsys):
    print_errors(["one", "two\nlines"])
    assert capsys.readouterr().err.splitlines() == ["error: one", "error: two\\nlines"]


def test_neither_a_line_nor_their_number_fills_the_terminal(capsys):
    print_errors(["a" * 100_000, *map(str, range(499))])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 101
    assert lines[0].endswith("... (100,000 characters)")
    assert len(lines[0]) < 4100
    assert lines[-1] == "error: and 400 more"
