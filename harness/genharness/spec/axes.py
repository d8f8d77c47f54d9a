"""Where a search looks: axes over the options of a plugin, declared by it or named by the user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genharness.errors import ConfigError, shown
from genharness.spec.options import Option, check_value, no_option

__all__ = ["Axis", "declared_axes", "read_axes"]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One option that a search varies.

    Attributes:
        name: Of the option.
        low: Smallest value; None where `choices` are given.
        high: Largest value.
        log: Whether the logarithm is the axis.
        whole: Whether values are whole numbers.
        choices: The values, where they are no range.
    """

    name: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = False
    choices: tuple[Any, ...] = ()

    @property
    def count(self) -> int | None:
        """How many values there are; None where they are numbers between two ends."""
        if self.low is None or self.high is None:
            return len(self.choices)
        return int(self.high) - int(self.low) + 1 if self.whole else None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.name} in {', '.join(map(str, self.choices))}"
        return f"{self.name} {self.low:g} to {self.high:g}{' (log)' if self.log else ''}"


def declared_axes(owner: str, options: Iterable[Option]) -> list[Axis]:
    """Return the axes that a plugin declares with `option(search=...)`.

    Raises:
        ConfigError: If one leaves the bounds of its option.
    """
    return [_axis(owner, one, list(one.search), log=one.log) for one in options if one.search]


def read_axes(owner: str, options: Sequence[Option], texts: Iterable[str]) -> tuple[list[Axis], list[str]]:
    """Return the axes that a user writes, such as `vae.lr=1e-5..1e-2:log` or `vae.latent=8,16,32`, and every mistake.

    Args:
        owner: The plugin that is searched.
        options: What it declares.
        texts: What was written; `OWNER.` may be left out.
    """
    known = {one.name: one for one in options}
    found: dict[str, Axis] = {}
    mistakes: list[str] = []
    for text in texts:
        try:
            axis = _read(owner, known, text)
        except ConfigError as error:
            mistakes += error.lines
            continue
        if axis.name in found:
            mistakes.append(f"--over {owner}.{axis.name} was given twice: leave one out")
        found[axis.name] = axis
    return list(found.values()), mistakes


def _read(owner: str, known: Mapping[str, Option], text: str) -> Axis:
    target, equals, space = text.partition("=")
    name = target.strip().removeprefix(f"{owner}.")
    if not equals or not space.strip():
        raise ConfigError(f"--over {shown(text)!r} must read OPTION=LOW..HIGH, OPTION=LOW..HIGH:log or OPTION=A,B,C")
    if name not in known:
        raise ConfigError(f"--over {shown(target.strip())}: {no_option(owner, name, known)}")
    space, log = (space.removesuffix(":log"), True) if space.endswith(":log") else (space, False)
    ranged = ".." in space
    parts = space.split("..") if ranged else space.split(",")
    numeric = known[name].type in (int, float) and not known[name].choices
    if ranged and (len(parts) != 2 or "..." in space or not numeric):
        raise ConfigError(f"--over {shown(text)}: a range is LOW..HIGH of a number; write values with commas between")
    if ranged and ":" in parts[1]:
        raise ConfigError(
            f"--over {shown(text)}: a search is over all of a range, LOW..HIGH or LOW..HIGH:log, not points"
        )
    if log and not ranged:
        raise ConfigError(f"--over {shown(text)}: only a range is logarithmic: write LOW..HIGH:log")
    return _axis(owner, known[name], [part.strip() for part in parts], log=log, ranged=ranged)


def _axis(owner: str, option: Option, values: Sequence[object], *, log: bool, ranged: bool | None = None) -> Axis:
    """Return the axis of an option between two ends, or over values, each checked as a setting of it is."""
    name = f"{owner}.{option.name}"
    checked = [check_value(name, option, value) for value in values]
    numeric = option.type in (int, float) and not option.choices
    if not (numeric if ranged is None else ranged):
        if len(set(map(str, checked))) < 2:
            raise ConfigError(f"{name}: one value is nothing to search over: give a range, or several values")
        return Axis(name=option.name, choices=tuple(dict.fromkeys(checked)))
    low, high = (float("nan") if one is None else float(one) for one in checked)
    if not low < high:
        raise ConfigError(f"{name}: {values[0]} to {values[1]} is no range: the first must be below the second")
    if log and not low > 0:
        raise ConfigError(f"{name}: a logarithmic range begins above 0, not at {values[0]}")
    return Axis(name=option.name, low=low, high=high, log=log, whole=option.type is int)
