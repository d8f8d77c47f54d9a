"""How fast rows get good: the cost of training after which a score holds, and the score over the logarithm of the cost.

The score at an equal budget stays what decides; these tables tell how it was reached. The threshold comes before the
study, as a number or as what a named row reaches in the end: choosing it by the curves chooses the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from genharness.board.columns import find_column
from genharness.board.rows import Board, BoardColumn, Group, Row
from genharness.board.sheets import Entry, Sheet
from genharness.errors import ConfigError, did_you_mean
from genharness.results.configuration import configuration
from genharness.spec.record import Record
from genharness.stats import Family, ScoreTable, holm, mean_and_deviation
from genharness.stats.speed import LEAST_SEEDS, cost_to, holds_last_alone, mean_over_log_cost, median_cost, time_test

__all__ = ["COSTS", "Threshold", "parse_threshold", "speed_sheets"]

_START = 0.05
"""Share of the budget from which on scores count."""


@dataclass(frozen=True)
class Threshold:
    """A score that is to be reached.

    Attributes:
        column: Key of the score.
        value: The score, or the label of the row whose score at the end it is.
    """

    column: str
    value: float | str


def parse_threshold(text: str) -> Threshold:
    """Read `fid=30`, or `fid=ROW`.

    Raises:
        ConfigError: If it is neither.
    """
    column, equals, value = (part.strip() for part in text.partition("="))
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not (column and equals and value) or math.isinf(number) or value.lower().endswith("nan"):
        raise ConfigError(f"--time-to {text} is none of COLUMN=SCORE, such as fid=30, and COLUMN=ROW, such as fid=vae")
    return Threshold(column, value if math.isnan(number) else number)


@dataclass(frozen=True)
class _Curve:
    """What one seed scored at what it had cost: costs rising, undefined scores left out of neither."""

    costs: Sequence[float]
    scores: Sequence[float | None]

    @property
    def defined(self) -> tuple[list[float], list[float]]:
        pairs = [
            (cost, score)
            for cost, score in zip(self.costs, self.scores, strict=True)
            if score is not None and math.isfinite(score) and cost > 0
        ]
        return [cost for cost, _ in pairs], [score for _, score in pairs]


def _seconds(record: Record, steps: Sequence[float]) -> list[float] | None:
    if len(record.history.seconds) == len(steps):
        return list(record.history.seconds)
    whole, last = record.measurements.get("train_seconds"), record.measurements.get("train_steps")
    return [whole * step / last for step in steps] if whole and last else None  # a record from before looks had a time


def _images(record: Record, steps: Sequence[float]) -> list[float] | None:
    return [step * record.cell.batch_size for step in steps]


def _flops(record: Record, steps: Sequence[float]) -> list[float] | None:
    each = record.measurements.get("step_flops")
    return [step * record.cell.batch_size * each for step in steps] if each else None


COSTS: Mapping[str, Callable[[Record, Sequence[float]], list[float] | None]] = {
    "seconds": _seconds,
    "images": _images,
    "flops": _flops,
}
"""What a look at a training has cost by then, by its name; None where it was not measured."""


def speed_sheets(board: Board, threshold: Threshold, against: Sequence[str] = ()) -> list[Sheet]:
    """Return a table for each group and kind of cost.

    Args:
        board: With all columns, its records with their curves.
        threshold: What is to be reached.
        against: Keys of `COSTS`; all when empty.

    Raises:
        ConfigError: If a cost or the column is unknown, the column has no better end, no row has the name of the
            threshold, or none was scored over training.
    """
    for name in against:
        if name not in COSTS:
            raise ConfigError(f"--against {name} is no cost{did_you_mean(name, COSTS)}")
    sheets = []
    for group in board.groups:
        rows = [row for row in group.rows if not row.reference and not row.external and _looks(row, threshold.column)]
        if rows:
            column = find_column({one.key: one for one in group.columns}, threshold.column)
            sheets += [_sheet(group, rows, column, threshold, name) for name in dict.fromkeys(against or COSTS)]
    if not sheets:
        raise ConfigError(
            f"no row has {threshold.column!r} over training at two looks: run with --score-every, such as 100steps"
        )
    return sheets


def _looks(row: Row, key: str) -> bool:
    return any(_scored(record, key) for record in row.records)


def _scored(record: Record, key: str) -> bool:
    return len(record.history.scores.get(key, ())) > 1


def _sheet(group: Group, rows: Sequence[Row], column: BoardColumn, threshold: Threshold, cost: str) -> Sheet:
    if column.column.higher_is_better is None:
        raise ConfigError(f"{column.key} has no better end, so no threshold of it can be reached: name another column")
    value = _value(group, rows, column, threshold)
    curves = {row.label: found for row in rows if (found := _curves(row, column.key, cost))}
    protocol = group.protocol.hash if group.protocol else ""
    sign = "≥" if column.column.higher_is_better else "≤"
    title = f"{group.dataset}, protocol {protocol}: {column.title} {sign} {value:.4g} over training {cost}"
    heads = ["row", "reached", cost, "from", "to", "p", "mean over log", "p of mean", "at the end"]
    table = _Speed(curves, {row.label: _diverged(group, row) for row in rows}, column, value)
    without = [f"{row.label}: {cost} were not measured" for row in rows if row.label not in curves]
    without += [line for row in rows if row.label in curves and (line := _left_out(row, column.key))]
    about: dict[str, Entry] = {
        "dataset": group.dataset,
        "protocol_hash": protocol,
        "column": column.key,
        "threshold": value,
        "against": cost,
    }
    return Sheet(title, heads, table.entries(), [*table.notes(cost), *without], about)


def _value(group: Group, rows: Sequence[Row], column: BoardColumn, threshold: Threshold) -> float:
    """Return the score to be reached; of a named row the mean at its last looks."""
    if not isinstance(threshold.value, str):
        return threshold.value
    labels = {row.label: row for row in rows}
    if threshold.value not in labels:
        hint = did_you_mean(threshold.value, labels)
        raise ConfigError(f"--time-to: {group.dataset} has no row {threshold.value!r} with looks at training{hint}")
    last = [
        curve.defined[1][-1] for curve in _curves(labels[threshold.value], column.key, "images") if curve.defined[1]
    ]
    if not last:
        raise ConfigError(f"--time-to: {threshold.value} has no {column.key} over training: name a number")
    return mean_and_deviation(last)[0]


def _curves(row: Row, key: str, cost: str) -> list[_Curve]:
    """Return the curve of every seed that was scored over training; none where one of them has no such cost."""
    found = []
    for record in (one for one in row.records if _scored(one, key)):
        scores = record.history.scores[key]
        steps = [float(step or 0) for step in record.history.scores["step"]]
        costs = COSTS[cost](record, steps)
        if costs is None:
            return []
        found.append(_Curve(costs[: len(scores)], scores))
    return found


def _left_out(row: Row, key: str) -> str:
    """Return what is to be said of seeds that have no curve: nobody knows when they got there."""
    count = sum(not _scored(record, key) for record in row.records)
    were = "was" if count == 1 else "were"
    return (
        f"{row.label}: {count} of {len(row.records)} seeds {were} not scored over training: left out" if count else ""
    )


def _diverged(group: Group, row: Row) -> int:
    same = configuration(row.records[0])
    return sum(one.status == "diverged" and configuration(one) == same for one in group.failures)


class _Speed:
    """The rows of one table.

    Args:
        curves: Of every row the seeds that trained.
        diverged: Of every row how many seeds diverged, which never got anywhere.
        column: The score.
        threshold: What is to be reached.
    """

    def __init__(
        self,
        curves: Mapping[str, Sequence[_Curve]],
        diverged: Mapping[str, int],
        column: BoardColumn,
        threshold: float,
    ) -> None:
        self._curves, self._better = curves, bool(column.column.higher_is_better)
        self._threshold, self._title = threshold, column.title
        self.costs = {
            label: [
                *(cost_to(one.costs, one.scores, threshold, higher_is_better=self._better) for one in of_row),
                *([math.inf] * diverged[label]),
            ]
            for label, of_row in curves.items()
        }
        self._unconfirmed = {
            label: sum(holds_last_alone(one.scores, threshold, higher_is_better=self._better) for one in of_row)
            for label, of_row in curves.items()
        }
        scores = [score for of_row in curves.values() for one in of_row for score in one.defined[1]]
        self._log = column.column.ratio and all(score > 0 for score in scores)
        self._window = self._common_window()
        self._areas = {label: self._means(of_row) for label, of_row in curves.items()}
        self._order = sorted(curves, key=lambda label: (median_cost(self.costs[label]), self._worth(label)))

    def _common_window(self) -> tuple[float, float] | None:
        """Return what all rows are compared over: to the smallest budget, from 5 % of it or where all have a look."""
        looks = [one.defined[0] for of_row in self._curves.values() for one in of_row]
        if not looks or not all(looks):
            return None
        end = min(costs[-1] for costs in looks)
        start = max(_START * end, *(costs[0] for costs in looks))
        return (start, end) if start < end * (1 - 1e-9) else None

    def _means(self, of_row: Sequence[_Curve]) -> list[float]:
        if self._window is None:
            return []
        return [mean_over_log_cost(*one.defined, self._window, log=self._log) for one in of_row]

    def _worth(self, label: str) -> float:
        areas = self._areas[label]
        mean = sum(areas) / len(areas) if areas else 0.0
        return -mean if self._better else mean

    def entries(self) -> list[list[Entry]]:
        """Return the rows, the fastest first."""
        times, means = self._time_tests(), self._mean_tests()
        return [self._entry(label, times.get(label), means.get(label)) for label in self._order]

    def _entry(self, label: str, p_time: float | None, p_mean: float | None) -> list[Entry]:
        costs, areas = self.costs[label], self._areas[label]
        came = sorted(filter(math.isfinite, costs))
        middle = median_cost(costs)
        ends = (came[0], came[-1]) if came else (None, None)
        last = [one.defined[1][-1] for one in self._curves[label] if one.defined[1]]
        return [
            label,
            f"{len(came)} of {len(costs)}",
            middle if math.isfinite(middle) else None,
            *ends,
            p_time,
            self._mean(areas),
            p_mean,
            sum(last) / len(last) if last else None,
        ]

    def _mean(self, areas: Sequence[float]) -> float | None:
        if not areas:
            return None
        if not self._log:
            return sum(areas) / len(areas)
        return math.exp(math.fsum(map(math.log, areas)) / len(areas))

    def _time_tests(self) -> dict[str, float]:
        """Return the p value of each row against the first, corrected by Holm over all pairs that can be tested."""
        pairs = list(combinations(self._order, 2))
        tested = [(pair, p) for pair in pairs if (p := time_test(*(self.costs[one] for one in pair))) is not None]
        corrected = holm([p for _, p in tested])
        return {b: p for ((a, b), _), p in zip(tested, corrected, strict=True) if a == self._order[0]}

    def _mean_tests(self) -> dict[str, float]:
        groups = {label: dict(enumerate(areas)) for label, areas in self._areas.items() if areas}
        if len(groups) < 2 or self._order[0] not in groups:
            return {}
        family = Family([ScoreTable(groups=groups, higher_is_better=self._better, log=self._log)])
        found = {label: family.corrected(0, self._order[0], label) for label in groups if label != self._order[0]}
        return {label: p for label, p in found.items() if p is not None}

    def notes(self, cost: str) -> list[str]:
        """Return what the table means, and a sentence a row."""
        lines = [self._sentence(label, cost) for label in self._order]
        mean = "geometric mean" if self._log else "mean"
        area = "the looks have no stretch of training in common"
        if self._window is not None:
            area = f"{mean} over the logarithm of {cost} from {self._window[0]:.4g} to {self._window[1]:.4g}"
        return [
            *lines,
            f"{cost}: median over seeds of the first look from which the score holds at two looks running",
            f"p: exact Mann-Whitney test against the first row, those that never came last; it takes {LEAST_SEEDS} "
            "seeds a side of which half came",
            f"mean over log: {area}; p of mean: t test against the first row; both p by Holm over all pairs",
        ]

    def _sentence(self, label: str, cost: str) -> str:
        costs = self.costs[label]
        came = sorted(filter(math.isfinite, costs))
        last = self._unconfirmed[label]
        of = f"{len(came)} of {len(costs)} seeds{f'; {last} at the last look alone' if last else ''}"
        if not came:
            return f"{label} did not hold {self._threshold:.4g} at two looks running ({of})"
        middle = median_cost(costs)
        if math.isinf(middle):
            return f"{label}: median not reached (the first after {came[0]:.4g} {cost}; {of})"
        return f"{label} passes {self._threshold:.4g} after {middle:.4g} {cost} ({came[0]:.4g} to {came[-1]:.4g}; {of})"
