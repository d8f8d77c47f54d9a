import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genharness.board.escapes import as_csv, as_json, as_latex, as_markdown

HOSTILE = (
    "=cmd() \x1b]0;title\x07\x1b[2J \x9b31m \u202eevil\u2066 <img src=x> [a](http://b) `x` |pipe| *b* __c__ $d$\n# new"
)


def test_markdown_holds_the_text_and_no_markup():
    shown = as_markdown(HOSTILE)
    assert "\n" not in shown
    assert shown.isprintable()
    for sign in "`*[]|$":
        assert shown.count(sign) == shown.count(f"\\{sign}")
    assert "<" not in shown
    assert ">" not in shown
    assert r"\_\_c\_\_" in shown


@pytest.mark.parametrize("text", ["vae lr=0.1 batch_size=64", "digits@64#5000", "a, b (c): d/e", "1e-4", "0.5 of it"])
def test_what_records_usually_hold_stays_readable_in_markdown(text):
    assert as_markdown(text) == text


@pytest.mark.parametrize("text", ["# x", "- x", "+ x", "1. x", "2) x", "=== "])
def test_no_text_begins_a_heading_or_a_list_in_markdown(text):
    assert "\\" in as_markdown(text)


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@sum", "\t=x", " =x", "\r=x", "\uff1dx", "\n@x"])
def test_a_spreadsheet_takes_no_text_for_a_formula(text):
    (cell,) = next(csv.reader(io.StringIO(as_csv(text))))
    assert cell[0] in "'\\"


@pytest.mark.parametrize("text", ["vae", "lr=0.1", "file:x", "2 of 3", ""])
def test_other_text_is_the_same_in_csv(text):
    assert as_csv(text) == text


def test_json_means_the_same_and_holds_nothing_that_a_terminal_obeys():
    plain = {"a": HOSTILE, "\x9b\u2029": ["\U000e0001", "é", "\u200b"]}
    shown = as_json(json.dumps(plain, ensure_ascii=False, indent=2))
    assert json.loads(shown) == plain
    assert shown.replace("\n", "").isprintable()
    assert "é" in shown


def test_latex_runs_no_command():
    shown = as_latex(r"\input{/etc/passwd} 50% & $x$ #1 a_b ~ ^ {} <>")
    assert r"\input" not in shown
    assert r"\textbackslash{}input\{/etc/passwd\}" in shown
    assert r"50\% \& \$x\$ \#1 a\_b" in shown


@given(st.text())
def test_whatever_the_text_it_is_one_printable_line(text):
    for escape in (as_markdown, as_csv, as_latex):
        assert escape(text).isprintable()


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5))
def test_whatever_the_json_it_means_the_same(value):
    text = json.dumps(value)
    assert json.loads(as_json(text)) == value
    wide = json.dumps(value, ensure_ascii=False)
    assert json.loads(as_json(wide.encode("utf-8", "replace").decode())) == json.loads(
        wide.encode("utf-8", "replace").decode()
    )


def test_latex_has_no_sign_of_ours_that_it_lacks_a_letter_for():
    """pdflatex stops at them."""
    shown = as_latex("FD ↓ ≤ 3, Recall ↑ ≥ 0.5 ± 0.1, R² ≈ ∞ †")
    assert shown.isascii()
    assert r"FD $\downarrow$ $\leq$ 3" in shown
    assert r"R$^2$ $\approx$ $\infty$ $\dagger$" in shown


def test_latex_reads_no_text_as_an_argument_of_the_command_before():
    assert as_latex("[1, 2] *") == "{[}1, 2{]} {*}"
