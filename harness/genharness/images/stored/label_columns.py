"""Whether a column of a table is labels or measurements: all of it says so, and in every kind of file alike.

Words are labels, and so are whole numbers from 0 (`2` as well as `2.0`) and the pair -1 and 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from genharness.errors import DataError
from genharness.files.paths import printable
from genharness.images.classes import SINGLE_FOLDERS
from genharness.images.tensors import MOST_CLASSES

__all__ = ["LabelColumn"]


class LabelColumn:
    """What was seen of a column.

    Args:
        where: The table, for messages.
        name: Of the column.
    """

    def __init__(self, where: str, name: str) -> None:
        self._where, self._name = where, name
        self._rows: dict[Any, int] = {}  # the first of each different value
        self._wrong: tuple[float, int] | None = None
        self._count = 0
        self._points = self._words = False

    @property
    def numbers(self) -> bool:
        """Whether all values are numbers."""
        return not self._words

    @property
    def is_settled(self) -> bool:
        """Whether no further row can make it a column of labels."""
        return self._wrong is not None or len(self._rows) > MOST_CLASSES

    def add(self, values: Iterable[Any], *, points: bool = False) -> None:
        """Add the next rows.

        Args:
            values: Numbers and words; None for what is missing.
            points: Whether numbers are floating-point ones.
        """
        self._points = self._points or points
        for value in values:
            self._count += 1
            if value is None or value in self._rows:
                continue
            self._rows[value] = self._count
            if isinstance(value, str):
                self._words = True
            elif self._wrong is None and not (value >= -1 and value == value // 1):
                self._wrong = value, self._count

    def add_text(self, cells: Iterable[str]) -> None:
        """Add the next rows, as they are written."""
        for cell in cells:
            word = cell.strip()
            number = _number(word)
            points = number is not None and not word.lstrip("+-").isdigit()
            self.add([word or None if number is None else number], points=points)

    def why_measured(self) -> str:
        """Return why a column that nobody asked for is no labels; empty where it is.

        Raises:
            DataError: If it is words, and too many different ones for classes.
        """
        different, name = len(self._rows), printable(self._name)
        wrong = self._measured()
        if wrong is not None:
            return f"column {name} is taken for measurements, no labels: it holds {wrong[0]:g} in row {wrong[1]}"
        if self._points and not self._words and different >= SINGLE_FOLDERS:
            return f"column {name} is taken for measurements, no labels: it holds {different:,} different numbers"
        if self._words and different >= SINGLE_FOLDERS and different > self._count / 2:
            raise DataError(
                f"{self._where}: column {name} has {different:,} different words in {self._count:,} rows, too many for "
                f"classes: leave it out, or take it for labels with #label={name}"
            )
        return ""

    def refuse_measured(self) -> None:
        """Refuse numbers that are no labels in a column that was asked for.

        Raises:
            DataError: For the first of them.
        """
        wrong = self._measured()
        if wrong is not None and not self._words:
            raise DataError(
                f"{self._where}: column {printable(self._name)} holds {wrong[0]:g} in row {wrong[1]}: labels are whole "
                "numbers or words"
            )

    def _measured(self) -> tuple[float, int] | None:
        """Return a number that is no label, and its row; None where there is none."""
        numbers = {value for value in self._rows if not isinstance(value, str)}
        return (-1, self._rows[-1]) if self._wrong is None and -1 in numbers and numbers - {-1, 1} else self._wrong


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
