"""What is given to the functions of this package, read by the rules of options: all mistakes at once, one line each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from genharness.errors import refuse, shown
from genharness.files.paths import read_path
from genharness.spec.options import PluginOptions, option, read_options
from genharness.study.asked import read_weights
from genharness.study.measuring import Measuring
from genharness.study.suite import read_device

__all__ = ["BoardArguments", "CompareArguments", "RenderArguments", "ScoringArguments", "read_arguments"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ScoringArguments(Measuring):
    """Arguments of `genharness.evaluate` and `genharness.Evaluator` that are neither samples nor functions."""

    dataset: str = option("", help="Dataset to compare with")
    resize_to: int | None = option(None, low=4, high=1024, help="With reference: side of pictures, in pixels")
    units: Literal["standard", "raw"] | None = option(None, help="With dataset: units of a table's rows")
    weights: Path | None = option(None, read=read_weights, help="Pretrained weights")
    device: str = option("auto", read=read_device, help="Device")
    name: str = option("", help="Name of the row")
    results: Path = option(Path("results"), read=read_path, help="Results folder")
    register: bool = option(False, help="Put the scores there")
    bands: bool | None = option(None, help="Whether the record says where real samples score")

    @property
    def measuring(self) -> Measuring:
        """What is measured."""
        return Measuring(**{field.name: getattr(self, field.name) for field in dataclasses.fields(Measuring)})


@dataclass(frozen=True, kw_only=True)
class BoardArguments:
    """Arguments of `genharness.leaderboard`."""

    results: Path = option(Path("results"), read=read_path, help="Results folder")
    datasets: tuple[str, ...] = option((), help="Only these")
    sort: str | None = option(None, help="Column to rank by")
    columns: tuple[str, ...] = option((), help="Only these, in this order")
    seeds: Literal["mean", "each"] = option("mean", help="Their mean, or a row each")
    interval: bool = option(False, help="Intervals over training seeds instead of deviations")


@dataclass(frozen=True, kw_only=True)
class CompareArguments:
    """Arguments of `genharness.compare`."""

    rows: tuple[str, ...] = option((), help="Rows of the leaderboard")
    results: Path = option(Path("results"), read=read_path, help="Results folder")
    datasets: tuple[str, ...] = option((), help="Only these")
    metrics: tuple[str, ...] = option((), help="Column keys or metrics")
    alone: bool = option(False, help="Correct for the named rows only")


@dataclass(frozen=True, kw_only=True)
class RenderArguments:
    """Arguments of `Leaderboard.render`."""

    form: str = option("table", help="Name of a reporter")
    width: int = option(100, low=1, high=100_000, help="Characters of a line")
    wide: bool = option(False, help="Every column")
    set: PluginOptions = option({}, help="Options by plugin name")


def read_arguments(
    kind: type[T], values: Mapping[str, Any], names: Mapping[str, str] | None = None, **functions: Any
) -> T:
    """Return arguments as the types that they have.

    Args:
        kind: Where they are declared.
        values: What was given, by the name of the declaration.
        names: What some of them are called in messages.
        functions: What must be something to call.

    Raises:
        ConfigError: For every value that does not fit.
    """
    called = names or {}
    read, mistakes = read_options("genharness", kind, values, lambda name: called.get(name, name))
    deaf = [
        f"{name}={shown(one)} cannot be called: give a function" for name, one in functions.items() if not callable(one)
    ]
    refuse([*mistakes, *deaf])
    return kind(**read)
