"""A plain table of words and numbers, as figures of plugins and of sweeps have them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from genharness.figures.numbers import DASH
from genharness_report_html.svg import joined, plain, tag

__all__ = ["number_table"]

_MOST_ROWS = 200


def number_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Markup:
    """Return a table that scrolls by itself; of very many rows the first, and how many there are."""
    head = tag("tr", *(tag("th", plain(one), scope="col") for one in heads))
    lines = [tag("tr", *(tag("td", tag("bdi", plain(_shown(one)))) for one in row)) for row in rows[:_MOST_ROWS]]
    more = f"The first {_MOST_ROWS} of {len(rows)} rows." if len(rows) > _MOST_ROWS else ""
    table = tag("table", tag("thead", head), tag("tbody", *lines), class_="fails")
    box = tag("div", table, class_="scroll", tabindex=0, role="region", aria_label="Numbers of the figure")
    return joined([box, *([tag("p", more)] if more else [])])


def _shown(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else DASH if value is None else value
