"""Several values of one option, as they are written: `1e-4,2e-4`, `1e-5..1e-2:log:5`, a list, or a table of TOML."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from genharness.errors import ConfigError, did_you_mean, shown
from genharness.spec.options import Option, check_value

__all__ = ["MOST_VALUES", "as_written", "checked_values", "has_several", "listed_values", "swept_values"]

MOST_VALUES = 10_000
"""Values that one option may have in a study."""

_POINTS = re.compile(r"\d{1,99}", re.ASCII)
_RANGE_KEYS = ("low", "high", "log", "points")
_DOTS = ".."
_FEWEST_DIGITS, _MOST_DIGITS = 4, 17


def has_several(option: Option | None, written: Any) -> bool:
    """Whether a setting lists values, be they right or wrong."""
    try:
        return listed_values(option, written) is not None
    except ConfigError:
        return True


def listed_values(option: Option | None, written: Any, name: str = "") -> list[Any] | None:
    """Return the values that a setting lists; None where it is one value, or no option has it.

    Args:
        option: The option that is set; None where it is not known.
        written: What was written.
        name: What to call the option in messages.

    Raises:
        ConfigError: If it is meant as a range, and is none.
    """
    written = _plain(written)
    if option is None or option.type in (tuple, dict):
        return None
    if isinstance(written, (list, tuple)):
        return list(written)
    numeric = option.type in (int, float)
    if numeric and isinstance(written, str) and _DOTS in written:
        return swept_values(name or option.name, option, written)
    several = isinstance(written, str) and "," in written and (numeric or option.type is bool or option.choices)
    return [part.strip() for part in written.split(",")] if several else None


def swept_values(name: str, option: Option, written: Any) -> list[Any]:
    """Return the values over which an option is swept, as they were written or as its range gives them.

    Args:
        name: What to call the option, such as `dcgan.lr`.
        option: The option.
        written: A list, text with commas (semicolons where the option is a list itself), a range
            `LOW..HIGH[:log]:POINTS`, or a table with `low`, `high`, `points` and maybe `log`.

    Raises:
        ConfigError: If it is none of these, or a range that cannot be.
    """
    written = _plain(written)
    if isinstance(written, Mapping):
        return _table(name, option, written)
    if isinstance(written, str):
        found = _range_parts(written) if option.type in (int, float) else None
        if found:
            low, high, log, points = found
            return _range(name, option, low, high, log, points)
        if _DOTS in written and option.type in (int, float):
            raise ConfigError(
                f"{name}={shown(written)} is no range: write "
                "LOW..HIGH:POINTS, or LOW..HIGH:log:POINTS, such as 2..32:log:5"
            )
        return [part.strip() for part in written.split(";" if option.type is tuple else ",")]
    if option.type is tuple and isinstance(written, (list, tuple)):
        return list(written) if any(isinstance(part, (list, tuple, str)) for part in written) else [written]
    return list(written) if isinstance(written, (list, tuple)) else [written]


def checked_values(name: str, option: Option, values: Sequence[Any]) -> tuple[list[Any], list[str]]:
    """Return the values that fit, as the option's type, in the order written, and every mistake, one line each.

    Args:
        name: What to call the option.
        option: The option.
        values: What was written.
    """
    values = [_plain(part) for part in values]
    inner = (list, dict) if option.type is not tuple else (dict,)
    if all(part == "" for part in values):
        return [], [f"{name} has no values: give it one or several"]
    if any(part in ("", None) or isinstance(part, inner) for part in values):
        return [], [f"{name}={as_written(values)} is no list of values: write one, or several with commas between"]
    if len(values) > MOST_VALUES:
        return [], [f"{name} has {len(values):,} values: at most {MOST_VALUES:,}"]
    good: list[Any] = []
    mistakes: dict[str, None] = {}
    for value in values:
        try:
            good.append(check_value(name, option, value))
        except ConfigError as error:
            mistakes |= dict.fromkeys(error.lines)
    return good, list(mistakes)


def as_written(values: Sequence[Any]) -> str:
    """Return values with commas between."""
    return shown(",".join(map(str, values)))


def _range_parts(written: str) -> tuple[str, str, bool, int] | None:
    """Return both ends of a written range, whether it is logarithmic, and its points; None where it is no range.

    Taken apart by hand: a pattern would try every pair of dots of a long text against every other.
    """
    low, _, rest = written.partition(_DOTS)
    high, *scale, points = rest.split(":") if ":" in rest else ("", "")
    whole = ":" not in low and _DOTS not in rest and not rest.startswith(".") and low.strip() and high.strip()
    if not whole or scale not in ([], ["log"], ["linear"]) or not _POINTS.fullmatch(points.rstrip()):
        return None
    return low.strip(), high, scale == ["log"], int(points)


def _plain(written: Any) -> Any:
    """Return an array, a tensor, or a number of numpy as Python has it; anything else as it is."""
    return written.tolist() if hasattr(written, "tolist") else written


def _table(name: str, option: Option, table: Mapping[str, Any]) -> list[Any]:
    unknown = [key for key in table if key not in _RANGE_KEYS]
    if unknown:
        raise ConfigError(f"{name} has no {shown(unknown[0])!r} in its range{did_you_mean(unknown[0], _RANGE_KEYS)}")
    absent = [key for key in ("low", "high", "points") if key not in table]
    if absent:
        raise ConfigError(
            f"the range of {name} lacks {', '.join(absent)}: write low, high, points, and log = true or not"
        )
    points, log = table["points"], table.get("log", False)
    if isinstance(points, bool) or not isinstance(points, int) or not isinstance(log, bool):
        raise ConfigError(f"the range of {name} must have a whole number of points, and log = true or false")
    return _range(name, option, table["low"], table["high"], log, points)


def _range(name: str, option: Option, low: Any, high: Any, log: bool, points: int) -> list[Any]:
    if option.type not in (int, float) or option.choices:
        raise ConfigError(f"{name} is no number, and has no range: list its values")
    ends = (check_value(f"{name} from low", option, low), check_value(f"{name} to high", option, high))
    if None in ends or not ends[0] < ends[1]:
        raise ConfigError(f"the range of {name} must go from a number to a larger one, not from {low} to {high}")
    if not 2 <= points <= MOST_VALUES:
        raise ConfigError(f"the range of {name} has {shown(points)} points: at least 2, at most {MOST_VALUES:,}")
    if log and not ends[0] > 0:
        raise ConfigError(f"the range of {name} is logarithmic and begins at {low}: it must begin above 0")
    if option.type is int:
        return _whole(name, ends, log, points)
    return _few_digits(name, ends, log, points)


def _between(ends: tuple[float, float], log: bool, points: int) -> list[float]:
    """Return the points between both ends, evenly spaced, on a logarithmic scale or not."""
    low, high = ends
    shares = [place / (points - 1) for place in range(1, points - 1)]
    if log:
        return [math.exp(math.log(low) + share * (math.log(high) - math.log(low))) for share in shares]
    return [low + share * (high - low) for share in shares]


def _whole(name: str, ends: tuple[int, int], log: bool, points: int) -> list[int]:
    values = [ends[0], *(round(value) for value in _between(ends, log, points)), ends[1]]
    if len(set(values)) < points:
        raise ConfigError(
            f"the range of {name} has only {len(set(values))} whole numbers at its {points} points: ask for fewer"
        )
    return values


def _few_digits(name: str, ends: tuple[float, float], log: bool, points: int) -> list[float]:
    """Return the points in the fewest digits, four or more, that keep them apart and inside.

    Raises:
        ConfigError: If there are not as many numbers between both ends.
    """
    exact = _between(ends, log, points)
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS + 1):
        values = [ends[0], *(float(f"{value:.{digits}g}") for value in exact), ends[1]]
        if all(a < b for a, b in itertools.pairwise(values)):
            return values
    raise ConfigError(f"the range of {name} has fewer numbers than its {points} points: ask for fewer")
