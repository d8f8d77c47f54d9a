"""What the sections of a page are made of: one group of the board, its markers, and what its cells keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from markupsafe import Markup

from genharness.board.rows import BoardColumn, Group, Row
from genharness.figures.kept import KeptCell
from genharness.figures.standings import Standings
from genharness.results.store import Store
from genharness_report_html.svg import Ink, joined, tag

__all__ = ["Block", "Figure", "Material", "panels"]

_MOST_MODELS = 12
"""Models that have panels of their own; the table shows all."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the page.

    Attributes:
        ident: Its id.
        title: What it shows, a finding where the data decide it.
        caption: How to read it.
        body: The drawing.
        narrow: The drawing for phones and paper, where the first is too wide for them.
        link: What the bar of sections calls it; empty where it is not linked.
    """

    ident: str
    title: str
    caption: str
    body: Markup
    narrow: Markup = field(default_factory=Markup)
    link: str = ""


Block = Sequence[Figure]
"""Figures side by side, two at most."""


@dataclass(frozen=True)
class Material:
    """One dataset under one protocol.

    Attributes:
        ink: Markers and ids.
        group: Its rows.
        folder: The results folder, or None where nothing but records is known.
        ident: Begins the ids of its sections.
        level: Of its headings.
        map: Which maps of features: `pca`, `tsne` or `both`.
        model: The model that alone has panels; empty: the best rows have.
    """

    ink: Ink
    group: Group
    folder: Path | None
    ident: str
    level: int
    map: str = "pca"
    model: str = ""

    @cached_property
    def standings(self) -> Standings:
        """Who is told from whom."""
        return Standings(self.group)

    @property
    def column(self) -> BoardColumn | None:
        """What ranks."""
        return self.standings.column

    @cached_property
    def best(self) -> list[Row]:
        """The rows that have panels of their own, best first."""
        if self.model:
            return [row for row in self.standings.rows if row.model == self.model]
        return self.standings.rows[:_MOST_MODELS]

    @property
    def _only(self) -> str:
        every = len(self.standings.rows)
        return "" if self.model or every <= _MOST_MODELS else f" Of the best {_MOST_MODELS} of {every} rows."

    @cached_property
    def references(self) -> list[Row]:
        """Reference rows, held-out real data first."""
        return sorted((row for row in self.group.rows if row.reference), key=lambda row: not row.real)

    @cached_property
    def real(self) -> Row | None:
        """The row of held-out real data."""
        return next((row for row in self.references if row.real), None)

    def named(self, part: str) -> str:
        """Return the id of a section."""
        return f"{self.ident}-{part}"

    def kept(self, row: Row) -> KeptCell | None:
        """Return what the first seed of a row keeps, None where no folder is known."""
        if self.folder is None:
            return None
        record = row.records[0]
        return KeptCell(Store(self.folder).cell(record.cell.id), record)

    def figure(
        self,
        part: str,
        title: str,
        caption: str,
        body: Markup,
        *,
        narrow: Markup | None = None,
        link: str = "",
        of_best: bool = False,
    ) -> Figure:
        """Return a figure of this group; one that is `of_best` says so where there are more rows than that."""
        return Figure(self.named(part), title, caption + self._only * of_best, body, narrow or Markup(), link)


def panels(parts: Sequence[Markup], style: str = "g4") -> Markup:
    """Return small multiples in a grid."""
    return tag("div", joined(parts), class_=style)
