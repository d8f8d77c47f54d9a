"""Text that others wrote, as data: what a record, a plugin or a file's name holds becomes no markup and no formula.

`genharness.files.paths.printable` does the same for one line of a terminal.
"""

from __future__ import annotations

import re

from genharness.files.paths import printable

__all__ = ["as_csv", "as_json", "as_latex", "as_markdown"]

_MARKDOWN = re.compile(r"([\\`*\[\]<>|&~$]|(?<![^\W_])_|_(?![^\W_])|^(?:[#+=-]|\d+(?=[.)](?:\s|$))))")
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    **{sign: f"{{{sign}}}" for sign in "[]*"},
    "±": r"$\pm$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "≈": r"$\approx$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "²": r"$^2$",
    "†": r"$\dagger$",
    "∞": r"$\infty$",
}
"""Signs that are commands, or arguments of the one before; and those of our tables that pdflatex has no letter for."""


def as_markdown(text: str) -> str:
    """Return text for a heading, list item or table cell of Markdown: no markup, no HTML, no link, one line."""
    return _MARKDOWN.sub(_escaped, printable(text.replace("\n", " ")))


def _escaped(found: re.Match[str]) -> str:
    sign = found[0]
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(sign, f"{sign}\\" if sign.isdigit() else f"\\{sign}")


def as_csv(text: str) -> str:
    """Return text for a cell that a spreadsheet takes as text: a formula gets an apostrophe before it."""
    plain = printable(text)
    return f"'{plain}" if _FORMULA.match(plain) else plain


def as_latex(text: str) -> str:
    """Return text for running LaTeX, in which no sign is a command."""
    return "".join(_LATEX.get(sign, sign) for sign in printable(text))


def as_json(text: str) -> str:
    """Return JSON, which is not changed in meaning, without signs that a terminal obeys or hides: they are escaped."""
    if text.isascii() and _DELETE not in text:
        return text
    return _NOT_PLAIN.sub(lambda found: _json_escape(found[0]), text)


_DELETE = "\x7f"
"""The one of the signs below that ASCII has and JSON does not escape."""
_NOT_PLAIN = re.compile(
    r"[\x7f-\xa0\xad\u0600-\u0605\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\ufeff\ufff0-\ufffb"
    r"\U000e0000-\U000e0fff]"
)


def _json_escape(sign: str) -> str:
    units = sign.encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
