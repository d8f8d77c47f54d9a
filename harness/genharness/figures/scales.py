"""Axes: where a value lies between two ends, and at which round values ticks stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from genharness.figures.numbers import THIN, number, short

__all__ = ["Scale", "linear", "logarithmic", "scale_of", "time_ticks"]

Ticks = Sequence[tuple[float, str]]

_MUCH = 30.0
"""Largest over smallest value from which an axis is logarithmic."""
_SECONDS = (*(m * 10.0**e for e in range(-6, 1) for m in (1, 2, 5)), 10.0, 20.0, 30.0)
_TIMES = (*_SECONDS, *(60.0 * m for m in (1, 2, 5, 10, 20, 30)), *(3600.0 * h for h in (1, 2, 5, 10)))
_DAYS = tuple(86400.0 * d for d in (1, 2, 5, 10, 20, 50, 100))


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`.

    Attributes:
        low: Value at its beginning.
        high: Value at its end, above `low`.
        log: Whether equal ratios are equally far apart.
    """

    low: float
    high: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return where a value lies, 0 at the beginning and 1 at the end; values outside stand at the ends."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int = 6) -> Ticks:
        """Return round values on the axis with their texts, at most so many."""
        return _log_ticks(self, most) if self.log else _linear_ticks(self, most)


def scale_of(values: Iterable[float], *, log: bool | None = None, least: float = 1.0, pad: float = 0.06) -> Scale:
    """Return the axis of some values.

    Args:
        values: What is shown on it.
        log: Logarithmic or not; when None, where the largest is more than 30 times the smallest.
        least: Smallest ratio of the ends of a logarithmic axis, so that noise does not fill it.
        pad: Share of the axis that stays free at either end.
    """
    finite = [value for value in values if math.isfinite(value)]
    if log is None:
        log = bool(finite) and min(finite) > 0 and max(finite) > _MUCH * min(finite)
    if log:
        return logarithmic([value for value in finite if value > 0], least=least, pad=pad)
    return linear(finite, pad=pad)


def linear(values: Sequence[float], *, pad: float = 0.06) -> Scale:
    """Return a linear axis with some room at its ends."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = (high - low) * pad or abs(high) * 0.1 or 1.0
    return Scale(low - room, high + room)


def logarithmic(values: Sequence[float], *, least: float = 1.0, pad: float = 0.06) -> Scale:
    """Return a logarithmic axis of positive values with some room at its ends."""
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    missing = max(1.0, least / (high / low)) ** 0.5
    low, high = low / missing, high * missing
    room = max((high / low) ** pad, 1.02)
    return Scale(low / room, high * room, log=True)


def _linear_ticks(scale: Scale, most: int) -> Ticks:
    span = scale.high - scale.low
    base = 10.0 ** math.floor(math.log10(span / most))
    step = next(m * base for m in (1, 2, 5, 10, 20) if span / (m * base) <= most)
    first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    large = step >= 100
    values = [place * step for place in range(first, last + 1)]
    return [(value, short(value) if large else number(value, decimals)) for value in values]


def _log_ticks(scale: Scale, most: int) -> Ticks:
    exponents = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    for mantissas in ((1, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1, 3), (1,)):
        values = [m * 10.0**e for e in exponents for m in mantissas]
        inside = [value for value in values if scale.low * 0.999 <= value <= scale.high * 1.001]
        if 2 <= len(inside) <= most:
            return [(value, _round(value)) for value in inside]
    if len(inside) < 2:  # a short axis between two round values, which has none of powers of ten
        return _linear_ticks(scale, most)
    every = max(1, math.ceil(len(inside) / most))
    return [(value, _round(value)) for value in inside[::every]]


def _round(value: float) -> str:
    if value >= 1000:
        return short(value)
    if value < 1e-4:
        return f"{value:.0e}"
    return number(value, max(0, -math.floor(math.log10(value) + 1e-9)))


def time_ticks(scale: Scale, most: int = 6) -> Ticks:
    """Return ticks of an axis of seconds: `20 s`, `2 min`, `5 h`, never `3.3 min`."""
    inside = [value for value in (*_TIMES, *_DAYS) if scale.low <= value <= scale.high]
    every = max(1, math.ceil(len(inside) / most))
    return [(value, _time(value)) for value in inside[::every]]


def _time(seconds: float) -> str:
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms")):
        if seconds >= size * 0.999:
            return f"{number(seconds / size)}{THIN}{unit}"
    return f"{number(seconds * 1e6)}{THIN}µs"
