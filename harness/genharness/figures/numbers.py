"""Numbers as people read them: no more digits than the error allows.

How many digits an error keeps is the rule of the Particle Data Group (Review of Particle Physics, 2022, section 5.3):
errors that begin with 100 to 354 keep two, 355 to 949 one, 950 to 999 are rounded up to the next order and keep two.
Values never show more than three significant digits beside that, since few seeds may agree by chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

__all__ = [
    "DASH",
    "MINUS",
    "THIN",
    "TIMES",
    "decimals_of",
    "decimals_of_column",
    "number",
    "plus_minus",
    "short",
    "significant",
]

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"
_MOST_DIGITS = 3
_SUFFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def decimals_of(value: float, error: float | None = None) -> int:
    """Return how many decimals a value shows: of its error, at most three significant digits; below 0 for tens.

    Example:
        >>> decimals_of(64.21, 3.2), decimals_of(29.7, 5.1), decimals_of(22.594, 0.03), decimals_of(1234.0, 56.0)
        (1, 0, 1, -1)
    """
    most = max(0, _MOST_DIGITS - 1 - _order(value))
    return most if not error else min(_decimals_of_error(error), most)


def decimals_of_column(values: Sequence[float], errors: Sequence[float]) -> int:
    """Return how many decimals all values of a linear column show: of the median error, at most three."""
    positive = [error for error in errors if error > 0]
    largest = max((abs(value) for value in values), default=0.0)
    by_size = max(0, _MOST_DIGITS - max(0, _order(largest)))
    return max(0, min(_decimals_of_error(median(positive)) if positive else by_size, _MOST_DIGITS))


def number(value: float, decimals: int = 0) -> str:
    """Return a value with so many decimals, a true minus sign, and thin spaces between thousands from five digits on.

    Example:
        >>> number(-1.25, 1), number(12345.6), number(1234.5, -1)
        ('−1.2', '12\\u202f346', '1230')
    """
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: f"{MINUS}∞"}.get(value, DASH)
    rounded = round(value, decimals)
    text = f"{abs(rounded):,.{max(0, decimals)}f}"
    text = text.replace(",", THIN if abs(rounded) >= 10_000 else "")
    return f"{MINUS}{text}" if rounded < 0 else text


def significant(value: float) -> str:
    """Return a value with three significant digits, whole digits all kept."""
    return number(value, decimals_of(value))


def plus_minus(value: float, error: float | None = None, decimals: int | None = None) -> tuple[str, str]:
    """Return a value and its error as texts; the second is empty without an error.

    Args:
        value: The value.
        error: Its error in the same unit, or None.
        decimals: How many both show; from value and error when None.

    Example:
        >>> plus_minus(8.96, 0.412), plus_minus(29.7, 5.1), plus_minus(0.1881, 0.0001, 3)
        (('9.0', '0.4'), ('30', '5'), ('0.188', '<0.001'))
    """
    places = decimals_of(value, error) if decimals is None else decimals
    if error is None:
        return number(value, places), ""
    return number(value, places), number(error, places) if round(error, places) else f"<{number(10.0**-places, places)}"


def short(value: float) -> str:
    """Return a count with three significant digits and a suffix, such as `272k` or `1.69M`.

    Example:
        >>> short(43_093), short(1_690_000), short(640), short(999_900)
        ('43.1k', '1.69M', '640', '1M')
    """
    for size, suffix in _SUFFIXES:
        if abs(value) >= 0.9995 * size:
            text = number(value / size, decimals_of(value / size))
            return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{suffix}"
    return significant(value) if value != int(value) else number(value)


def _order(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 0


def _decimals_of_error(error: float) -> int:
    order = _order(error)
    leading = round(error / 10.0 ** (order - 2))
    return 1 - order if leading <= 354 else -order
