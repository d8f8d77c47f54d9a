"""Tables as text: CSV with commas, semicolons or tabs; names of columns first, then numbers and perhaps a label."""

from __future__ import annotations

import contextlib
import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError, reason
from genharness.files.paths import printable
from genharness.images.rows import EXACT
from genharness.images.stored.label_columns import LabelColumn
from genharness.images.stored.pieces import Piece, StoredSet, label_column

__all__ = ["open_delimited"]

_ROWS = 4096
_LOOKED_AT = 100
"""Rows that tell a column of words from one of numbers."""
_MOST_COLUMNS = 100_000
_LONGEST_LABEL = 10
"""Digits of whole numbers that are names, such as of customers."""


@dataclass(frozen=True)
class _Form:
    delimiter: str
    columns: tuple[str, ...]
    label: int | None
    numbered: bool = False
    """Whether labels are numbers."""
    notes: tuple[str, ...] = ()


def open_delimited(path: Path, label: str = "") -> StoredSet:
    """Return the rows of a CSV file.

    Args:
        path: The file.
        label: Column of labels; empty for one of the usual names, or the only column of words.

    Raises:
        DataError: If it has no header, no columns, or is no text.
    """
    form = _form(path, label)
    numbers = tuple(name for place, name in enumerate(form.columns) if place != form.label)
    if not numbers:
        raise DataError(f"{path} has no column of numbers")
    notes = [] if form.label is None else [f"labels: the column {printable(form.columns[form.label])}"]
    return StoredSet(str(path), "rows", lambda: _pieces(path, form), column_names=numbers, notes=[*notes, *form.notes])


def _form(path: Path, asked: str) -> _Form:
    with _rows(path, ",") as rows:
        header = next(iter(rows), None)
    if header is None:
        raise DataError(f"{path} is empty")
    line = ",".join(header)
    delimiter = max(",;\t", key=line.count)
    with _rows(path, delimiter) as rows:
        first = list(itertools.islice(rows, _LOOKED_AT + 1))
    columns = tuple(name.strip() for name in first[0])
    _check_header(path, columns)
    words = [
        name for place, name in enumerate(columns) if _are_words([row[place] for row in first[1:] if len(row) > place])
    ]
    form, notes = _Form(delimiter, columns, None), list[str]()
    for chosen in dict.fromkeys([label_column(asked, columns, str(path)), *(words if len(words) == 1 else ())]):
        if not chosen:
            continue
        place = columns.index(chosen)
        if not asked:
            _refuse_written_numbers(path, chosen, [row[place] for row in first[1:] if len(row) > place])
        seen = _seen(path, form, place, to_the_end=bool(asked))
        if asked:
            seen.refuse_measured()
        elif why := seen.why_measured():
            notes.append(why)
            continue
        return _Form(delimiter, columns, place, seen.numbers, tuple(notes))
    return replace(form, notes=tuple(notes))


def _seen(path: Path, form: _Form, place: int, *, to_the_end: bool) -> LabelColumn:
    """Look at a whole column, or as far as it may be one of labels."""
    seen = LabelColumn(str(path), form.columns[place])
    with _rows(path, form.delimiter) as rows:
        next(iter(rows))
        while (some := list(itertools.islice(rows, _ROWS))) and (to_the_end or not seen.is_settled):
            seen.add_text(row[place] if len(row) > place else "" for row in some if row)
    return seen


def _check_header(path: Path, columns: Sequence[str]) -> None:
    if len(columns) > _MOST_COLUMNS:
        raise DataError(f"{path} has {len(columns):,} columns, more than {_MOST_COLUMNS:,}")
    if all(_is_number(name) for name in columns):
        raise DataError(f"{path} begins with numbers: write the names of the columns into the first line")
    if not all(columns):
        place = columns.index("") + 1
        advice = "it looks like an index, leave it out (df.to_csv(index=False))" if place == 1 else "name it"
        raise DataError(f"{path}: column {place} has no name: {advice}")
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{path} has two columns called {printable(twice)}: name each")


def _refuse_written_numbers(path: Path, column: str, words: Sequence[str]) -> None:
    """Refuse numbers as people write them, such as 3,5 or 12 %: they would become classes, one for each number."""
    if words and all(_WRITTEN_NUMBER.fullmatch(word.strip()) for word in words):
        raise DataError(
            f"{path}: column {printable(column)} holds numbers such as {printable(words[0].strip()[:40])}: write them "
            f"with a point and no unit, or take them for classes with #label={printable(column)}"
        )


_MISSING = frozenset({"", "na", "n/a", "#n/a", "<na>", "null", "none", "missing", ".", "-", "?"})
"""What programs and people write where there is nothing."""

_WRITTEN_NUMBER = re.compile(r"[-+]?\d[\d.' ]*,\d+|[-+]?\d[\d.,]*\s?[%$€£]|[$€£]\s?\d[\d.,]*", re.ASCII)
"""With a decimal comma, a unit or a currency; none of these is a number to `float`."""


def _are_words(words: Sequence[str]) -> bool:
    return bool(words) and not any(_is_number(word) for word in words) and all(words)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _pieces(path: Path, form: _Form) -> Iterator[Piece]:
    with _rows(path, form.delimiter) as rows:
        next(iter(rows))
        numbered = ((number, row) for number, row in enumerate(rows, start=1) if row)  # an empty line is no row
        while some := list(itertools.islice(numbered, _ROWS)):
            numbers, filled = zip(*some, strict=True)
            yield _piece(path, form, list(filled), numbers)


def _piece(path: Path, form: _Form, rows: list[list[str]], numbers: Sequence[int]) -> Piece:
    for number, row in zip(numbers, rows, strict=True):
        if len(row) != len(form.columns):
            raise DataError(f"{path}: row {number} has {len(row)} cells, and the header {len(form.columns)}")
    labels: list[Any] | None = None
    if form.label is not None:
        labels = [_label(row.pop(form.label).strip(), form) for row in rows]
        if "" in labels:
            raise DataError(f"{path}: row {numbers[labels.index('')]} has no label: give it one, or leave it out")
    names = [f"row {number}" for number in numbers]
    values = _numbers(path, form, rows, numbers)
    return Piece(names, values, labels, _whole(path, values, rows, numbers))


def _label(word: str, form: _Form) -> Any:
    if word.isascii() and word.isdigit():
        return int(word) if len(word) < _LONGEST_LABEL else word
    return int(float(word)) if form.numbered and word else word


def _numbers(path: Path, form: _Form, rows: list[list[str]], numbers: Sequence[int]) -> NDArray[np.float64]:
    try:
        values = np.array(rows, dtype=np.float64)
    except ValueError as error:
        columns = [name for place, name in enumerate(form.columns) if place != form.label]
        for number, row in zip(numbers, rows, strict=True):
            bad = next((one for one, word in enumerate(row) if not _is_number(word)), None)
            if bad is not None:
                name, cell = printable(columns[bad]), row[bad].strip()
                held = printable(cell[:40]) or "nothing"
                raise DataError(
                    f"{path}: row {number}, column {name} holds {held}, which is no number: {_advice(cell, name)}"
                ) from error
        raise DataError(f"{path} holds what is no number ({reason(error)})") from error
    return values


def _advice(cell: str, name: str) -> str:
    if cell.lower() in _MISSING:
        return "fill it, or leave the row out"
    if _WRITTEN_NUMBER.fullmatch(cell):
        return "write numbers with a point and no unit"
    return f"leave the column out, or name it with #label={name}"


def _whole(
    path: Path, values: NDArray[np.float64], rows: list[list[str]], numbers: Sequence[int]
) -> dict[int, NDArray[Any]]:
    """Return the columns that are written as whole numbers, where some go beyond what float64 holds."""
    found: dict[int, NDArray[Any]] = {}
    for place in range(values.shape[1]) if np.abs(values).max(initial=0.0) >= EXACT else ():
        with contextlib.suppress(ValueError):  # not written as whole numbers
            cells = [int(row[place]) for row in rows]
            kind = np.int64 if max(cells) < 2**63 else np.uint64
            wrong = next((row for row, cell in enumerate(cells) if not _fits(cell, kind)), None)
            if wrong is not None:
                raise DataError(
                    f"{path}: row {numbers[wrong]} holds {printable(rows[wrong][place].strip()[:40])}, and whole "
                    "numbers of its column go beyond 64 bits: count them from another number than 0"
                )
            found[place] = np.array(cells, kind)
    return found


def _fits(number: int, kind: type[np.integer[Any]]) -> bool:
    return bool(np.iinfo(kind).min <= number <= np.iinfo(kind).max)


@contextlib.contextmanager
def _rows(path: Path, delimiter: str) -> Iterator[Iterator[list[str]]]:
    """Open a file as rows of cells, and say why it cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield csv.reader(file, delimiter=delimiter, strict=True)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no UTF-8 text ({reason(error)}): save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise DataError(
            f"{path} is no CSV ({reason(error)}): save it again, names of columns in the first line"
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check the path and its permissions") from error
