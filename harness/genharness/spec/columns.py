"""One number of a metric: its key, its ends and steps, and how a leaderboard shows it. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Column"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One number of a metric, and how a leaderboard shows it.

    Attributes:
        key: Its key in a record's scores: lower-case letters, digits, underscores.
        title: Heading.
        unit: Unit for the heading, such as `%`, or empty.
        higher_is_better: Direction of the arrow; None when neither end is better.
        format: Format specification, such as `.2f`.
        titles: Other headings by extractor, such as `{"inception": "FID"}`.
        ratio: Whether seeds are compared by ratios, on logarithms: for positive distances and times, whose spread
            grows with them.
        resolution: Smallest step between two values that the score can take: 1 for a count; for a share of something
            the name of the record's fact that says of how many, such as `prdc_samples`, or `sample_count` for the
            generated samples; 0 where it is continuous. Tests believe no smaller spread over seeds.
        least: The least value that it can take; None where there is none, or what `ratio` and `resolution` say: 0.
        most: The most, likewise; None where there is none, or what they say: 1 for a share.
        collapse_below: Share in (0, 1) of what held-out real samples reach, under which samples are taken to be all
            alike; for scores of diversity, None for every other.
        collapse_beside: Key of a score of quality, for a score that poor samples lower as well: it tells collapse only
            where that one reaches nine tenths of what real samples do.
        alike: Whether it is the higher the more alike samples are to each other. Where it lies under half of what real
            samples have, nothing is taken for collapse: an extractor may see as one what differs, such as noise.
        wide: Whether a leaderboard shows it only where all columns are asked for. Rows are compared by the others.
        note: What a leaderboard says of the column wherever it stands; not under an extractor that gives it a title of
            its own in `titles`, with which it is the number that people know.
        caveat: What a leaderboard says of the rows that have this number, for one that is given only where the
            metric's others are to be read with care.
        caveat_on: Key of the column that it is said of; empty: the metric's first one.
    """

    key: str
    title: str
    unit: str = ""
    higher_is_better: bool | None = None
    format: str = ".3f"
    titles: Mapping[str, str] = field(default_factory=dict)
    ratio: bool = False
    resolution: float | str = 0.0
    least: float | None = None
    most: float | None = None
    collapse_below: float | None = None
    collapse_beside: str = ""
    alike: bool = False
    wide: bool = False
    note: str = ""
    caveat: str = ""
    caveat_on: str = ""

    @property
    def limits(self) -> tuple[float, float]:
        """Between which ends every value lies, as far as the column says: distances and counts from 0, shares to 1."""
        positive = self.ratio or isinstance(self.resolution, str) or self.resolution > 0
        least = 0.0 if positive else -math.inf
        most = 1.0 if isinstance(self.resolution, str) else math.inf
        return least if self.least is None else self.least, most if self.most is None else self.most

    def text(self, value: float) -> str:
        """Return a value in the column's format; with two significant digits where a distance above 0 would read as 0.

        What has a unit, such as seconds, may read as 0.

        Example:
            >>> distance = Column(key="fid", title="FD", format=".2f", ratio=True)
            >>> distance.text(12.3), distance.text(0.00123), distance.text(0.0)
            ('12.30', '0.0012', '0.00')
        """
        text = format(value, self.format)
        if not self.ratio or self.unit or not value:
            return text
        reads_as_nothing = not any(digit in text for digit in "123456789")
        return f"{value:.2g}" if reads_as_nothing else text
