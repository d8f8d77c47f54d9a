"""A plain table of words, in every format that a leaderboard has: text, JSON, CSV, Markdown, LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from genharness.board.escapes import as_csv, as_json, as_latex, as_markdown
from genharness.errors import ConfigError, did_you_mean
from genharness.files.paths import printable

__all__ = ["Sheet", "render_sheets"]

Entry = str | float | int | None


@dataclass(frozen=True)
class Sheet:
    """A table.

    Attributes:
        title: What stands above it.
        heads: Titles of the columns.
        rows: Their entries; numbers are numbers.
        notes: Lines that stand below.
        about: What the title says, for programs: the model, the dataset, the protocol, the column.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Entry]]
    notes: Sequence[str] = ()
    about: Mapping[str, Entry] = field(default_factory=dict)


def render_sheets(sheets: Sequence[Sheet], form: str) -> str:
    """Return tables in a format.

    Raises:
        ConfigError: If there is no such format; the message gives the nearest.
    """
    if form not in _FORMS:
        raise ConfigError(f"this table has no format {form!r}{did_you_mean(form, _FORMS)}")
    return _FORMS[form](sheets)


def _words(value: Entry) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _table(sheets: Sequence[Sheet]) -> str:
    return "\n\n".join(_one_table(sheet) for sheet in sheets)


def _one_table(sheet: Sheet) -> str:
    cells = [
        [printable(head) for head in sheet.heads],
        *([printable(_words(one)) for one in row] for row in sheet.rows),
    ]
    widths = [max(len(row[place]) for row in cells) for place in range(len(sheet.heads))]
    lines = ["   ".join(_aligned(row, widths)).rstrip() for row in cells]
    rule = "─" * (sum(widths) + 3 * (len(widths) - 1))
    return "\n".join(
        [
            printable(sheet.title),
            "",
            lines[0],
            rule,
            *lines[1:],
            *([""] if sheet.notes else []),
            *map(printable, sheet.notes),
        ]
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        one.ljust(width) if place == 0 else one.rjust(width)
        for place, (one, width) in enumerate(zip(row, widths, strict=True))
    ]


def _json(sheets: Sequence[Sheet]) -> str:
    plain = [
        {
            "title": one.title,
            **one.about,
            "rows": [dict(zip(one.heads, row, strict=True)) for row in one.rows],
            "notes": list(one.notes),
        }
        for one in sheets
    ]
    return as_json(orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode())


def _csv(sheets: Sequence[Sheet]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for sheet in sheets:
        writer.writerow(["table", *map(as_csv, sheet.heads)])
        writer.writerows([as_csv(sheet.title), *map(_csv_entry, row)] for row in sheet.rows)
    return stream.getvalue().rstrip("\n")


def _csv_entry(value: Entry) -> str:
    return as_csv(value) if isinstance(value, str) else "" if value is None else repr(value)


def _markdown(sheets: Sequence[Sheet]) -> str:
    return "\n\n".join(_one_markdown(sheet) for sheet in sheets)


def _one_markdown(sheet: Sheet) -> str:
    head, *rows = (f"| {' | '.join(as_markdown(_words(one)) for one in row)} |" for row in (sheet.heads, *sheet.rows))
    lines = [head, f"| {' | '.join(['---', *('---:' for _ in sheet.heads[1:])])} |", *rows]
    notes = ["", *(f"- {as_markdown(note)}" for note in sheet.notes)] if sheet.notes else []
    return "\n".join([f"### {as_markdown(sheet.title)}", "", *lines, *notes])


def _latex(sheets: Sequence[Sheet]) -> str:
    return "\n\n".join(["% \\usepackage{booktabs}", *(_one_latex(sheet) for sheet in sheets)])


def _one_latex(sheet: Sheet) -> str:
    lines = [f"    {' & '.join(as_latex(_words(one)) for one in row)} \\\\" for row in (sheet.heads, *sheet.rows)]
    return "\n".join(
        [
            "\\begin{table}",
            "  \\centering",
            f"  \\caption{{{as_latex(sheet.title)}}}",
            f"  \\begin{{tabular}}{{l{'r' * (len(sheet.heads) - 1)}}}",
            "    \\toprule",
            lines[0],
            "    \\midrule",
            *lines[1:],
            "    \\bottomrule",
            "  \\end{tabular}",
            *(f"  \\par\\footnotesize {as_latex(note)}" for note in sheet.notes),
            "\\end{table}",
        ]
    )


_FORMS: Mapping[str, Callable[[Sequence[Sheet]], str]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
    "md": _markdown,
    "latex": _latex,
}
