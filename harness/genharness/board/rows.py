"""What a leaderboard is made of: groups of rows, their numbers and their columns."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from genharness.board.bands import SIGNS, Reading
from genharness.results.configuration import settings
from genharness.results.members import Members, members_of
from genharness.spec.columns import Column
from genharness.spec.naming import setting_text
from genharness.spec.protocol import Protocol
from genharness.spec.record import Band, Record
from genharness.stats import Standing
from genharness.stats.values import LARGEST, middle_mean

__all__ = ["COLLAPSED", "OTHER_CODE", "UNSCORED", "Board", "BoardColumn", "Estimate", "Group", "Row"]

COLLAPSED = "†"
OTHER_CODE = "‡"
UNSCORED = "§"


class Estimate(NamedTuple):
    """One number of the board: the mean over seeds, and how far they spread.

    Attributes:
        mean: Mean, or None where no seed has a value.
        deviation: Standard deviation over seeds (n - 1), or None with fewer than two.
        count: Seeds with a value.
        values: Values of the seeds that have one, in the order of the seeds.
        interval: 95 % confidence interval of the mean over training seeds; None unless asked for, with one seed,
            and where the seeds do not vary.
        error: Standard error of one trained model's score over other samples of it (root mean square over the seeds),
            or None where none is known. The spread over seeds contains it: the two are never added.
        reading: How the mean stands to the band of real samples.
    """

    mean: float | None
    deviation: float | None
    count: int  # type: ignore[assignment]  # a tuple's own `count`, which nobody asks of it
    values: tuple[float, ...] = ()
    interval: tuple[float, float] | None = None
    error: float | None = None
    reading: Reading = ""

    @property
    def interquartile_mean(self) -> float | None:
        """Mean of the middle half of the seeds, or None where no seed has a value."""
        return middle_mean(self.values) if self.values else None


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column of the board: where its numbers are and how they are shown.

    Attributes:
        column: What its metric says of it.
        title: Heading under the group's protocol.
        score: Whether it is a score, and not a measurement of cost.
    """

    column: Column
    title: str
    score: bool = True

    @property
    def key(self) -> str:
        """Key of the score or measurement."""
        return self.column.key

    @property
    def arrow(self) -> str:
        """The direction that is better."""
        return {True: "↑", False: "↓", None: ""}[self.column.higher_is_better]

    @property
    def heading(self) -> str:
        """Title, unit and arrow."""
        unit = f"({self.column.unit})" if self.column.unit else ""
        return " ".join(part for part in (self.title, unit, self.arrow) if part)

    def by_ratio(self, groups: Mapping[str, Mapping[int, float]]) -> bool:
        """Whether rows are compared by ratios: the column asks for that, and every score is above zero."""
        return self.column.ratio and all(value > 0 for scores in groups.values() for value in scores.values())


@dataclass
class Row:
    """One model under one configuration.

    Attributes:
        model: Name of the model.
        variation: What tells it from other rows of the same model, or empty.
        reference: Whether it is a reference row, not a trained model.
        seeds: Seeds behind the numbers.
        estimates: Numbers by column key.
        failed: How many of its seeds did not end well.
        records: The records behind it, in the order of their seeds.
        external: Whether its samples were made elsewhere.
        real: Whether it is held-out real data: what a perfect generator would score.
        single: Whether it is one seed of a model, by the user's wish.
        diverged: Share of its seeds that diverged among those that ended by themselves; see `diverged_rate`.
        ranks: Where its rank among trained rows lies by the column that ranks (95 %, 1 is best); None where nothing was
            tested.
        bold: Keys of the columns in which it stands among the few rows that no other row beats.
        collapse: Why its samples count as collapsed, or empty.
        other_code: What of the code behind it is other than what is installed, such as `code of vae changed`.
        unscored: Whether a column that is shown or compared by has no value for some of its seeds, which ended well.
    """

    model: str
    variation: str
    reference: bool
    seeds: list[int]
    estimates: dict[str, Estimate]
    failed: int
    records: Sequence[Record]
    external: bool = False
    real: bool = False
    single: bool = False
    diverged: float | None = None
    ranks: Standing | None = None
    bold: set[str] = field(default_factory=set)
    collapse: str = ""
    other_code: tuple[str, ...] = ()
    unscored: bool = False

    @functools.cached_property
    def members(self) -> Members:
        """The records, and their numbers column by column."""
        return members_of(self.records)

    @property
    def label(self) -> str:
        """Model and variation."""
        return f"{self.model} {self.variation}".strip()

    @property
    def settings(self) -> dict[str, Any]:
        """Every option of the model, and every other setting that can tell rows of one model apart."""
        return settings(self.records[0])

    def setting(self, name: str) -> str:
        """Return a setting in words; nothing where the row has none of that name."""
        own = {} if self.external else self.settings
        return setting_text(own[name]) if name in own else ""

    @property
    def marks(self) -> str:
        """Signs that stand beside the row; the group's notes explain them."""
        signs = {COLLAPSED: self.collapse, OTHER_CODE: self.other_code, UNSCORED: self.unscored}
        return "".join(sign for sign, holds in signs.items() if holds)

    def lost(self, key: str) -> float:
        """Return the share of its seeds without a value in a column: not ended well, or undefined or not finite."""
        seeds = self.failed + len(self.records)
        return (seeds - len(self.by_seed(key))) / seeds

    @functools.cached_property
    def design(self) -> Hashable:
        """What rows share whose seeds match: the model and its size. Else a seed gives other weights and batches."""
        sizes = set(self.members.column("measurements", "parameters"))
        return None if self.external or len(sizes) > 1 or None in sizes else (self.model, *sizes)

    def by_seed(self, key: str) -> dict[int, float]:
        """Return a score or measurement by training seed, without seeds where it is undefined or not finite."""
        return {
            seed: value
            for seed, value in zip(self.members.seeds, self.members.numbers(key), strict=True)
            if value is not None and abs(value) < LARGEST
        }


@dataclass
class Group:
    """Rows that can be ranked together: one dataset, one protocol.

    Attributes:
        dataset: Dataset reference.
        names: All references under which its data was measured: the same pictures may lie in two places.
        protocol: How scores were measured, None in a group of failures alone.
        columns: Columns that have a number somewhere, or those that were asked for, most telling first.
        shown: Those of them that people are shown: the ones that were asked for, else the default ones. The one that
            ranks is always among them.
        ranked_by: The one that rows are ordered by; None where none has a better end, or nothing was summarised.
        rows: Best first.
        failures: Records that did not end well.
        asked: Whether columns were asked for by name: then all of them are shown, however wide.
        settings: Settings of rows that were asked for by name, and stand behind their names: `lr`, `budget`, ….
        compared: Columns that rows are compared by, the one that ranks first; see `genharness.board.contest`.
        bands: Where real samples score against other real ones, by column key.
        accuracies: How often what was trained on the labels is right on held-out samples, by its name, in [0, 1].
        notes: What the marks of the rows mean, and what could not be tested, a line each.
        column_notes: What is to be known of single columns, by their key, a line each.
        decided: What studies with looks at growing numbers of seeds say of pairs of rows; see `board.decided`.
    """

    dataset: str
    protocol: Protocol | None
    columns: list[BoardColumn] = field(default_factory=list)
    shown: list[BoardColumn] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    failures: list[Record] = field(default_factory=list)
    compared: list[BoardColumn] = field(default_factory=list)
    bands: dict[str, Band] = field(default_factory=dict)
    accuracies: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    column_notes: dict[str, list[str]] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    asked: bool = False
    decided: dict[str, dict[tuple[str, str], float]] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    ranked_by: BoardColumn | None = None

    @property
    def heading(self) -> str:
        """Protocol, and how far what was trained on the labels can be believed."""
        right = (f"{name} right on {share:.1%} of held-out samples" for name, share in self.accuracies.items())
        return "; ".join([str(self.protocol), *right]) if self.protocol else ""

    def notes_on(self, columns: Iterable[BoardColumn]) -> list[str]:
        """Return the lines that stand under a table of some columns."""
        keys = [column.key for column in columns]
        readings = {row.estimates[key].reading for row in self.rows for key in keys if key in row.estimates}
        signs = [f"{sign} {reading}: {_MEANING[reading]}" for reading, sign in SIGNS.items() if reading in readings]
        return list(
            dict.fromkeys([*self.notes, *signs, *(line for key in keys for line in self.column_notes.get(key, ()))])
        )


_MEANING: Mapping[Reading, str] = {
    "as real": "within the band in which 95 % of real samples lie, scored against other real ones",
    "better than real": "beyond that band on the good side, which real samples are not: look for copies",
}


@dataclass
class Board:
    """A leaderboard."""

    groups: list[Group]
