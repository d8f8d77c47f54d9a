"""What results have in common: rows that a notebook shows, and that pandas takes."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from genharness.errors import ConfigError

if TYPE_CHECKING:
    import pandas

__all__ = ["Rows"]


class Rows(ABC):
    """A result that is a table: `rows()` for programs, `to_frame()` for pandas, a table where a notebook shows it."""

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """Return a flat dictionary a row; a value that does not exist is left out or None."""

    def shown_rows(self) -> list[dict[str, Any]]:
        """Return the rows that people look at: all of them, where a result says nothing else."""
        return self.rows()

    def to_frame(self) -> pandas.DataFrame:
        """Return the rows as a pandas table, NaN where a value is missing.

        Raises:
            ConfigError: If pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ConfigError("a frame needs pandas: pip install pandas, or take rows()") from error
        return pandas.DataFrame(self.rows())

    def _repr_html_(self) -> str:
        """Return a table for notebooks; all text in it is text."""
        rows = self.shown_rows()
        keys = list(dict.fromkeys(key for row in rows for key in row))
        head = "".join(f"<th>{html.escape(key)}</th>" for key in keys)
        body = "".join(f"<tr>{''.join(_cell(row, key) for key in keys)}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if isinstance(value, float):
        return f'<td style="text-align:right">{value:.4g}</td>'
    return f"<td>{'' if value is None else html.escape(str(value))}</td>"
