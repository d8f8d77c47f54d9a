"""Names of rows that fit where they stand and still tell one row from the other."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence

from genharness.board.rows import Row
from genharness_report_html.svg import cut, plain

__all__ = ["brief_models", "how_many", "short_name"]

_LEAST_MODEL = 5
"""Characters that a model's own name keeps before its settings lose theirs."""
_MOST = 22
"""Characters that every drawing has room for."""


def brief_models(rows: Iterable[Row]) -> frozenset[str]:
    """Return the models of which some name is too long for a drawing: all of theirs are then made in one way."""
    return frozenset(row.model for row in rows if row.variation and len(plain(row.label)) > _MOST)


def short_name(row: Row, most: int, brief: Container[str] = ()) -> str:
    """Return the name of a row in so many characters.

    Settings stand by their values alone where it is longer, or of a model that is `brief`. Rows of a sweep differ at
    the end of their names, so what is cut is the middle.
    """
    label = plain(row.label)
    if not row.variation or (len(label) <= most and row.model not in brief):
        return cut(label, most)
    model, values = plain(row.model), re.sub(r"(?:^|(?<= ))[^\s=]+=", "", plain(row.variation))
    if len(model) + 1 + len(values) > most:
        model = cut(model, max(most - 1 - len(values), _LEAST_MODEL))
    room = most - len(model) - 1
    return f"{model} {values}" if len(values) <= room else f"{model} …{values[1 - room :]}"


def how_many(rows: Sequence[Row]) -> str:
    """Return how many models rows are of, and in how many settings where these are more."""
    models, settings = len({row.model for row in rows}), len({row.label for row in rows})
    words = f"{models} generative model{'' if models == 1 else 's'}"
    return words if settings == models else f"{words} in {settings} settings"
