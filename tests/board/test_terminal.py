import io

import pytest
from rich.table import Table
from rich.text import Text

from genharness.board.terminal import DataConsole

HOSTILE = [
    "\x1b]0;title\x07",
    "\x1b[2J",
    "\x9b2J",
    "\u202e",
    "a\x08b",
    "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
    "\x00",
]


def shown(*things, **options):
    stream = io.StringIO()
    console = DataConsole(file=stream, width=80, **options)
    for thing in things:
        console.print(thing)
    return stream.getvalue()


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("wrap", [str, Text, lambda text: Text.assemble("x", (text, "red"))])
def test_no_control_code_of_a_text_reaches_the_terminal(text, wrap):
    table = Table("heading")
    table.add_row(wrap(text))
    for thing in (wrap(text), table):
        assert shown(thing).replace("\n", "").isprintable()


def test_what_a_string_holds_is_no_markup():
    assert shown("a [/nope] [bold]b[/] :smile: [link=x]y[/]") == "a [/nope] [bold]b[/] :smile: [link=x]y[/]\n"


def test_our_own_styles_become_codes():
    assert "\x1b[31m" in shown(Text("x", "red"), force_terminal=True, color_system="standard")


def test_lines_stay_lines():
    assert shown("a\nb\x1b") == "a\nb\\x1b\n"
