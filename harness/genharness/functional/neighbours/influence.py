"""What a score of neighbours owes to single rows: its value without each of them, exactly, and what hangs on a few.

Leaving a row out does three things to balls: its own is gone; it is in no other ball; and the balls around rows that
had it among their k neighbours grow to the next one. The pass lists what a grown ball takes in (the shell between both
radii) and which rows lie in one ball alone, so that nothing has to be computed again.

A row that occurs several times is left out once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genharness.functional.neighbours.ball_counts import expected_clipped_counts
from genharness.functional.neighbours.clipped import real_density
from genharness.functional.neighbours.shared_pass import NeighbourPass, OwnSet, Side
from genharness.functional.prdc import prdc_of

__all__ = ["Hanging", "LeftOut", "LeftOutClipped", "hanging", "without_fakes", "without_fakes_clipped", "without_reals"]

Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """Scores with one row left out, each `(rows,)`.

    Attributes:
        precision: Of each row of the set that is left out.
        recall: Likewise.
        density: Likewise.
        coverage: Likewise.
        complement: Likewise: the share of fakes whose own ball holds a real, as coverage is of reals. NaN of reals that
            are left out: a pass does not list the only real that a fake's ball holds.
    """

    precision: Floats
    recall: Floats
    density: Floats
    coverage: Floats
    complement: Floats

    @property
    def f1(self) -> Floats:
        """The harmonic mean of precision and recall, 0 where both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / np.where(total > 0, total, 1)

    @property
    def symmetric_precision(self) -> Floats:
        """The smaller of precision and its complement."""
        return np.minimum(self.precision, self.complement)

    @property
    def symmetric_recall(self) -> Floats:
        """The smaller of recall and coverage."""
        return np.minimum(self.recall, self.coverage)


@dataclass(frozen=True, slots=True, eq=False)
class LeftOutClipped:
    """Clipped scores with one fake left out, before they are cut, each `(fakes,)`.

    Attributes:
        density_raw: See `genharness.functional.neighbours.clipped.Clipped`.
        coverage_ratio: Likewise.
    """

    density_raw: Floats
    coverage_ratio: Floats


@dataclass(frozen=True, slots=True)
class Hanging:
    """The shares of a score that rest on the top 1 % of rows alone, each in 0..1.

    Honest sets have .06 at most, planted hubs and outliers .95 or more, two or three of them as well as one. Worth a
    note where it exceeds .1 and a quarter of the score.

    Attributes:
        precision: Share of fakes that lie in balls of the top reals, whose balls hold most fakes, and in no others.
        recall: Share of reals that lie in balls of the top fakes and in no others.
        coverage: Share of reals whose balls hold top fakes and no others: those that most balls hold.
    """

    precision: float
    recall: float
    coverage: float


def hanging(found: NeighbourPass) -> Hanging:
    """Return how much of precision, recall and coverage hangs on the top 1 % of rows.

    Example:
        One fake lies among the reals and fills all of their balls, the others are far away.

        >>> from genharness.functional.neighbours.shared_pass import neighbour_pass
        >>> real = np.arange(100.0)[:, None]
        >>> fake = np.concatenate([[[50.0]], 1e6 + real])
        >>> hanging(neighbour_pass(real, fake, 60)).coverage
        1.0
    """
    real, fake = found.real, found.fake
    return Hanging(
        precision=fake.share((fake.held_by > 0) & (fake.held_by == fake.held_by_top)),
        recall=real.share((real.held_by > 0) & (real.held_by == real.held_by_top)),
        coverage=real.share((real.holds > 0) & (real.holds == real.holds_top)),
    )


def without_fakes(found: NeighbourPass) -> LeftOut:
    """Return the scores without each of the fakes.

    Raises:
        ValueError: There are only k + 1 fakes.

    Example:
        >>> from genharness.functional.neighbours.shared_pass import neighbour_pass
        >>> found = neighbour_pass(np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [9.0], [8.0]]), 1)
        >>> without_fakes(found).precision.tolist()  # only the first one lies among the reals
        [0.0, 0.5, 0.5]
    """
    real, fake = found.real, found.fake
    _check(fake, found.k, "fakes")
    m, scores = fake.size, prdc_of(found)
    lonely = real.holds[real.few_ball] == 1
    uncovered = _sums(real.few_point[lonely], real.own.count[real.few_ball[lonely]], fake)
    precision = (scores.precision * m - (fake.held_by > 0)) / (m - 1)
    density = (scores.density * found.k * m - fake.held_by) / (found.k * (m - 1))
    return _of_rows(
        fake,
        precision=precision,
        recall=scores.recall + _reached(fake, real) / real.size,
        density=density,
        coverage=scores.coverage - uncovered / real.size,
        complement=_covered_without_own(fake),
    )


def without_reals(found: NeighbourPass) -> LeftOut:
    """Return the scores without each of the reals.

    Raises:
        ValueError: There are only k + 1 reals.

    Example:
        >>> from genharness.functional.neighbours.shared_pass import neighbour_pass
        >>> found = neighbour_pass(np.array([[1.0], [9.0], [8.0]]), np.array([[0.0], [2.0], [4.0]]), 1)
        >>> without_reals(found).recall.tolist()
        [0.0, 0.5, 0.5]
    """
    real, fake = found.real, found.fake
    _check(real, found.k, "reals")
    n, scores = real.size, prdc_of(found)
    more = real.holds_next - real.holds  # fakes that a ball takes in when it grows
    density = scores.density * found.k * fake.size - real.holds + _grown(real.own, more)
    return _of_rows(
        real,
        precision=scores.precision + _reached(real, fake) / fake.size,
        recall=(scores.recall * n - (real.held_by > 0)) / (n - 1),
        density=density / (found.k * fake.size),
        coverage=_covered_without_own(real),
        complement=np.full(len(real.own.count), np.nan),
    )


def without_fakes_clipped(found: NeighbourPass) -> LeftOutClipped:
    """Return the clipped scores, before they are cut, without each of the fakes.

    Example:
        >>> from genharness.functional.neighbours.shared_pass import neighbour_pass
        >>> found = neighbour_pass(np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [9.0], [8.0]]), 1)
        >>> without_fakes_clipped(found).density_raw.tolist()
        [0.0, 0.5, 0.5]
    """
    real, fake, k = found.real, found.fake, found.k
    earned = np.minimum(fake.held_by_clipped / k, 1)
    density = (fake.total(earned) - earned) / (fake.size - 1) / real_density(real.own, k)
    lost = _sums(real.few_point, real.own.count[real.few_ball], fake)
    fill = (real.total(np.minimum(real.holds, k)) - lost) / (k * real.size)
    ratio = fill / expected_clipped_counts(real.size, fake.size - 1, k)[-1]
    return LeftOutClipped(density[fake.own.place], ratio[fake.own.place])


def _check(side: Side, k: int, name: str) -> None:
    if side.size <= k + 1:
        raise ValueError(f"without one of {side.size} {name} there are no more than k = {k}, which sets no radius")


def _covered_without_own(side: Side) -> Floats:
    """Return the share of a side's balls that hold a row of the other, without each of the side's own rows."""
    holds = side.holds > 0
    newly = (~holds & (side.holds_next > 0)).astype(np.int64)
    left = side.total(holds) - holds + _grown(side.own, newly)
    return np.asarray(left / (side.size - 1), np.float64)


def _of_rows(side: Side, **scores: Floats) -> LeftOut:
    place = side.own.place
    return LeftOut(**{name: np.broadcast_to(values, side.own.count.shape)[place] for name, values in scores.items()})


def _sums(places: Wholes, weights: Wholes, side: Side) -> Floats:
    return np.bincount(places, weights, len(side.own.count)).astype(np.float64)  # of nothing it counts in integers


def _grown(own: OwnSet, gain: Wholes) -> Floats:
    """Return, for each row, the sum of a gain over the rows whose balls grow without it."""
    grown = np.bincount(own.member, (own.count * gain)[own.row], len(own.count))
    return np.asarray(grown + (own.count - 1) * gain, np.float64)  # a copy is a neighbour of its copies


def _reached(own: Side, other: Side) -> Floats:
    """Return by how many more rows of the other set are in a ball of this one without each of its rows."""
    balls, points = own.shell_ball, other.own.count
    point, left_out = _grown_over(own.own, balls, own.shell_point)
    first = other.held_by[point] == 0
    reached = _sums(left_out[first], points[point[first]], own)
    alone = (other.held_by == 1).nonzero()[0]
    reached -= _sums(other.owner[alone], points[alone], own)
    # A row that its one ball gave up is not lost where a ball that grows by that takes it in.
    kept = (other.held_by[point] == 1) & (other.owner[point] == left_out)
    return reached + _sums(left_out[kept], points[point[kept]], own)


def _grown_over(own: OwnSet, balls: Wholes, points: Wholes) -> tuple[Wholes, Wholes]:
    """Return pairs of a point in the shell of a ball, and a row whose absence makes that ball grow; each pair once."""
    starts = np.searchsorted(own.row, np.arange(len(own.count) + 1))
    lengths = (starts[1:] - starts[:-1])[balls]
    nth = np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)
    members = own.member[np.repeat(starts[balls], lengths) + nth]
    copied = own.count[balls] > 1
    point = np.concatenate([np.repeat(points, lengths), points[copied]])
    left_out = np.concatenate([members, balls[copied]])
    width = len(own.count)
    keys = np.unique(point * width + left_out)
    return keys // width, keys % width
