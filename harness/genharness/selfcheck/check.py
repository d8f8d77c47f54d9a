"""Every metric on every fault, read against real samples that nothing was done to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from genharness.board.bands import read_against
from genharness.kit.evaluation import Metric
from genharness.measure.bands import RealDraws, drawn
from genharness.measure.evaluation import SampleEvaluation
from genharness.measure.scoring import score
from genharness.selfcheck.faults import FAULTS, Fault
from genharness.selfcheck.planting import Faulty, division
from genharness.spec.columns import Column
from genharness.spec.plugins import MetricSpec
from genharness.spec.record import Band

__all__ = ["DRAWS", "Checked", "Seen", "Sight", "Tried", "check", "columns_shown", "faults_for"]

Sight = Literal["seen", "better than real", "missed", "undefined"]
"""How a column stands to a fault: outside the band of real samples, beyond it on its good side, within it, without a
number."""

DRAWS = 15
"""Divisions of the real data that make the band: 95 % of real samples lie within 2.22 deviations."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one column says of one fault.

    Attributes:
        value: The score, None where it is undefined.
        band: Where real samples score against other real ones.
        sight: How the one stands to the other.
    """

    value: float | None
    band: Band
    sight: Sight

    @property
    def strength(self) -> float:
        """How far the score is from the middle of the band, in half widths: above 1 it is outside."""
        if self.value is None:
            return 0.0
        half = (self.band["high"] - self.band["low"]) / 2
        off = abs(self.value - (self.band["high"] + self.band["low"]) / 2)
        return off / half if half else float("inf") if off else 0.0


@dataclass(frozen=True)
class Tried:
    """One fault, and what every column says of it.

    Attributes:
        fault: The fault; None for real samples that nothing was done to.
        columns: What each column that has a band says, by key.
        failed: Metrics that broke on it, with the reason.
    """

    fault: Fault | None
    columns: Mapping[str, Seen]
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the fault; `real` where there is none."""
        return self.fault.name if self.fault else "real"

    def seen_by(self, keys: Iterable[str]) -> list[str]:
        """Return which of some columns see it, on whatever side."""
        return [key for key in keys if key in self.columns and self.columns[key].sight in ("seen", "better than real")]


@dataclass(frozen=True)
class Checked:
    """What a check of one dataset found.

    Attributes:
        dataset: Its name.
        features: Name of the extractor.
        count: Samples in the place of generated ones.
        draws: Divisions that made the bands.
        control: Real samples that nothing was done to.
        faults: Every fault that fits the data.
        metrics: The metrics that took part, in the order of a leaderboard.
        absent: Metrics and faults that did not, with the reason.
        cheaper: Options of metrics that a self-check takes fewer steps with, by name.
    """

    dataset: str
    features: str
    count: int
    draws: int
    control: Tried
    faults: Sequence[Tried]
    metrics: Sequence[MetricSpec]
    absent: Mapping[str, str]
    cheaper: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def columns(self) -> list[Column]:
        """The columns that have a band, in the order of a leaderboard."""
        return [column for spec in self.metrics for column in spec.columns if column.key in self.control.columns]

    @property
    def undetected(self) -> list[Fault]:
        """Faults that no default column sees."""
        keys = [column.key for column in columns_shown(self.metrics)]
        return [tried.fault for tried in self.faults if tried.fault and not tried.seen_by(keys)]


def columns_shown(metrics: Iterable[MetricSpec]) -> list[Column]:
    """Return the columns that a leaderboard shows without being asked for."""
    return [column for spec in metrics if spec.default for column in spec.columns if not column.wide]


def faults_for(whole: SampleEvaluation, modality: str) -> tuple[list[Fault], dict[str, str]]:
    """Return the faults that can be planted into data, and why the others cannot."""
    classes = len(whole.class_names) if whole.labels("train") is not None else 0
    fitting = [fault for fault in FAULTS if modality in fault.modalities]
    reasons = {fault.name: f"needs {fault.classes} classes" for fault in fitting if classes < fault.classes}
    return [fault for fault in fitting if fault.name not in reasons], reasons


def check(
    whole: SampleEvaluation,
    metrics: Sequence[tuple[MetricSpec, Metric]],
    *,
    dataset: str,
    modality: str,
    count: int,
    draws: int = DRAWS,
    faults: Sequence[Fault] | None = None,
    report: Callable[[str], None] = lambda text: None,
) -> Checked:
    """Plant every fault and ask every metric.

    Args:
        whole: An evaluation with the sets `train` and `test`, which are thrown together and divided anew.
        metrics: What scores; of a metric that cannot be computed here the reason is kept.
        dataset: Name of the data.
        modality: `image` or `tabular`.
        count: Samples in the place of generated ones.
        draws: Divisions that make the bands.
        faults: What to plant; all that fit when None.
        report: Told what is being done.
    """
    fitting, absent = faults_for(whole, modality)
    planned = fitting if faults is None else [fault for fault in faults if fault in fitting]
    report("real against real")
    results = list(drawn(metrics, lambda draw: division(whole, count, draw)[0], draws))
    bands = RealDraws(results, count, draws).bands()
    sound, material = division(whole, count, draws)
    control, reasons = _tried(None, metrics, sound, bands)
    tried = []
    for fault in planned:
        report(fault.name)
        tried.append(_tried(fault, metrics, Faulty(sound, fault.plant(material)), bands)[0])
    specs = sorted((spec for spec, _ in metrics), key=lambda spec: spec.place)
    have = [spec for spec in specs if any(column.key in bands for column in spec.columns)]
    unscored = {spec.name: reasons.get(spec.name, "has no score that is defined for real samples") for spec in specs}
    absent |= {name: why for name, why in unscored.items() if name not in {spec.name for spec in have}}
    return Checked(dataset, whole.extractor, count, draws, control, tried, have, absent)


def _tried(
    fault: Fault | None,
    metrics: Sequence[tuple[MetricSpec, Metric]],
    evaluation: SampleEvaluation,
    bands: Mapping[str, Band],
) -> tuple[Tried, dict[str, str]]:
    """Return what every column says of a fault, and why metrics gave nothing."""
    seen: dict[str, Seen] = {}
    failed: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for result in score(metrics, evaluation):
        name = result.metric.name
        if result.failed:
            failed[name] = result.failed
        if result.failed or result.skipped:
            reasons[name] = result.failed or result.skipped
        for column in result.metric.columns:
            if column.key in bands:
                value = result.values.get(column.key)
                seen[column.key] = Seen(value, bands[column.key], _sight(bands[column.key], value, column))
    return Tried(fault, seen, failed), reasons


def _sight(band: Band, value: float | None, column: Column) -> Sight:
    if value is None:
        return "undefined"
    reading = read_against(band, value, column.higher_is_better)
    return "missed" if reading == "as real" else "better than real" if reading else "seen"
