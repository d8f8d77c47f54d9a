"""The loop that asks the metrics: what each gives, and that none costs another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from genharness.engine.loop import StopRequestedError
from genharness.engine.manners import SharedState
from genharness.engine.memory import give_back_freed, is_out_of_memory
from genharness.errors import GenharnessError, PluginError, RunError, shown
from genharness.kit.evaluation import Metric
from genharness.measure.evaluation import Noted, SampleEvaluation
from genharness.measure.read_only import COPY, changes_shared, reading_only
from genharness.plugin.blame import is_the_users, one_line, whole_traceback
from genharness.spec.plugins import MetricSpec

__all__ = ["MetricResult", "score"]

_SHOWN = 300
"""Letters of a wrong value that a message shows at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricResult:
    """What one metric gave: numbers, or why it gave none.

    Attributes:
        metric: Which one.
        values: Numbers by column key; None where undefined.
        errors: Their standard errors over other samples of the same model, where the metric gave them.
        skipped: Why it cannot be computed from what there is, else empty.
        failed: How it broke, in one line, else empty.
        traceback: The whole traceback of that.
        noted: Extractors that it asked for features, and facts that it stated.
    """

    metric: MetricSpec
    values: Mapping[str, float | None] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)
    skipped: str = ""
    failed: str = ""
    traceback: str = ""
    noted: Noted = field(default_factory=Noted)


def score(
    metrics: Iterable[tuple[MetricSpec, Metric]],
    evaluation: SampleEvaluation,
    on_metric: Callable[[str], None] = lambda name: None,
) -> Iterator[MetricResult]:
    """Ask every metric and yield what it gave.

    A `GenharnessError` is a metric's own word that it cannot be computed from what there is. Anything else that it
    raises, and an answer that is no mapping of its own columns to numbers, is a defect: it costs this metric only.

    Args:
        metrics: What to ask.
        evaluation: What they are computed from.
        on_metric: Told the name of each before it is asked.

    Raises:
        StopRequestedError: If a stop was asked for.
        MemoryError: Or whatever else says that memory was refused: that is the cell's, not the metric's.
    """
    for spec, metric in metrics:
        on_metric(spec.name)
        give_back_freed()
        with evaluation.noting() as noted:
            result = _ask(spec, metric, evaluation, noted)
        yield replace(result, noted=noted)


def _ask(spec: MetricSpec, metric: Metric, evaluation: SampleEvaluation, noted: Noted) -> MetricResult:
    try:
        values = _numbers(spec, _computed(spec, metric, evaluation))
        return MetricResult(metric=spec, values=values, errors=_errors(spec, values, noted.errors))
    except StopRequestedError:
        raise
    except PluginError as error:
        return MetricResult(metric=spec, failed=" ".join(str(error).split()), traceback=whole_traceback(error))
    except GenharnessError as error:
        return MetricResult(metric=spec, skipped=" ".join(str(error).split()))
    except BaseException as error:  # a plugin's code may raise anything, SystemExit too; it must cost no other metric
        if is_out_of_memory(error) or is_the_users(error):
            raise
        line = f"{one_line(error)}: {COPY}" if changes_shared(error) else one_line(error)
        return MetricResult(metric=spec, failed=line, traceback=whole_traceback(error))


def _computed(spec: MetricSpec, metric: Metric, evaluation: SampleEvaluation) -> object:
    """Return a metric's answer; what the process shares is as it was, or the next metric's numbers were others.

    Raises:
        PluginError: If the metric changed any of it.
    """
    shared = SharedState.now()
    try:
        with reading_only():
            values = metric.compute(evaluation)
    except BaseException:
        shared.restore()
        raise
    try:
        shared.refuse_change(f"metric {spec.name}")
    except RunError as error:
        raise PluginError(str(error)) from error
    return values


def _numbers(spec: MetricSpec, values: object) -> dict[str, float | None]:
    """Return a metric's answer as numbers.

    Raises:
        PluginError: If it is no mapping of the metric's columns to numbers.
    """
    if not isinstance(values, Mapping):
        raise PluginError(f"metric {spec.name} returned {type(values).__name__}: it must return a mapping of numbers")
    known = {column.key for column in spec.columns}
    unknown = [key for key in values if key not in known]
    if unknown:
        raise PluginError(f"metric {spec.name} returned {shown(unknown[0])!r}, which is none of its columns")
    if not values:
        raise PluginError(f"metric {spec.name} returned nothing: it must return numbers for its columns")
    return {key: _number(spec, key, value) for key, value in values.items()}


def _errors(spec: MetricSpec, values: Mapping[str, float | None], stated: Mapping[str, float]) -> dict[str, float]:
    """Return the errors of the scores that are defined.

    Raises:
        PluginError: If an error is negative, or of no score that the metric gave.
    """
    for key, error in stated.items():
        if key not in values:
            raise PluginError(f"metric {spec.name} stated the error of {key!r}, which is no score that it returned")
        if error < 0:
            raise PluginError(f"metric {spec.name} stated the error {error} of {key}: it must be at least 0")
    return {key: error for key, error in stated.items() if math.isfinite(error) and values[key] is not None}


def _number(spec: MetricSpec, key: str, value: object) -> float | None:
    try:
        if _is_text(value) or _is_complex(value):  # float("3") is a number, and a metric that returns text is broken
            raise TypeError
        number = float(value)  # type: ignore[arg-type]  # tensors and arrays of one number are numbers too
    except (TypeError, ValueError, RuntimeError):
        shown = " ".join(repr(value).split())[:_SHOWN]
        raise PluginError(f"metric {spec.name} returned {shown} for {key}: it must be a number") from None
    return number if math.isfinite(number) else None


def _is_text(value: object) -> bool:
    return isinstance(value, str | bytes | bytearray | memoryview) or _dtype(value) in ("S", "U", "O", "M", "m")


def _is_complex(value: object) -> bool:
    return isinstance(value, complex) or _dtype(value) == "c" or (torch.is_tensor(value) and value.is_complex())


def _dtype(value: object) -> str:
    """Return the letter of what numbers a value of numpy holds; empty where it is none."""
    return value.dtype.kind if isinstance(value, np.ndarray | np.generic) else ""
