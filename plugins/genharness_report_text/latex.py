"""The leaderboard as LaTeX, for a paper: one `table` a group, in the manner of booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from genharness.board.escapes import as_latex
from genharness.board.estimates import BAND_ROW, band_ends, error_notes, signed
from genharness.board.render import RenderOptions
from genharness.board.rows import Board, BoardColumn, Group, Row

__all__ = ["render"]


def render(board: Board, options: RenderOptions) -> str:
    """Return a `table` for every group; the preamble needs `\\usepackage{booktabs}`."""
    tables = [_group(group, group.columns if options.wide else group.shown) for group in board.groups]
    return "\n\n".join(["% \\usepackage{booktabs}", *tables])


def _group(group: Group, columns: Sequence[BoardColumn]) -> str:
    lines = [f"% {_plain(group.dataset)}: failed cells"] if not group.protocol else _table(group, columns)
    lost = (f"{record.cell}: {record.status}: {record.reason}" for record in group.failures)
    return "\n".join([*lines, *(f"% {_plain(line)}" for line in lost)])


def _table(group: Group, columns: Sequence[BoardColumn]) -> list[str]:
    ranked = any(row.ranks for row in group.rows)
    heads = [
        "Model",
        *group.settings,
        *(["Rank (95 %)"] if ranked else []),
        "Seeds",
        *(column.heading for column in columns),
    ]
    caption = f"{group.dataset}. Protocol {group.protocol.hash if group.protocol else ''}: {group.heading}."
    notes = [*error_notes(group.rows, columns), *group.notes_on(columns)]
    return [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{as_latex(caption)}}}",
        rf"  \begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}",
        r"    \toprule",
        _line([as_latex(head) for head in heads]),
        r"    \midrule",
        *(_line(_cells(row, group.settings, columns, ranked)) for row in group.rows),
        *_bands(group, columns, len(heads) - len(columns) - 1),
        r"    \bottomrule",
        r"  \end{tabular}",
        *(rf"  \par\footnotesize {as_latex(note)}" for note in notes),
        r"\end{table}",
    ]


def _cells(row: Row, settings: Sequence[str], columns: Sequence[BoardColumn], ranked: bool) -> list[str]:
    told = [as_latex(row.setting(name)) for name in settings]
    first = [as_latex(f"{row.label} {row.marks}".strip()), *told, *([_range(str(row.ranks or ""))] if ranked else [])]
    return [*first, str(len(row.seeds)), *(_value(row, column) for column in columns)]


def _bands(group: Group, columns: Sequence[BoardColumn], between: int) -> list[str]:
    if not group.bands:
        return []
    return [
        r"    \midrule",
        _line([BAND_ROW, *[""] * between, *("--".join(map(_minus, band_ends(group, one))) for one in columns)]),
    ]


def _value(row: Row, column: BoardColumn) -> str:
    text = _minus(signed(row.estimates[column.key], column))
    return rf"\textbf{{{text}}}" if column.key in row.bold else text


def _minus(number: str) -> str:
    """Return a number with true minus signs; a lone dash stays one."""
    text = as_latex(number)
    return text if text == "-" else text.replace("-", "$-$")


def _range(text: str) -> str:
    return text.replace("-", "--")


def _line(cells: Sequence[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"


def _plain(text: str) -> str:
    """Return text for a comment, which ends with the line."""
    return " ".join(as_latex(text).split())
