"""What a study is of, as it is asked for, before anything is looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genharness.errors import ConfigError, nearest
from genharness.plugin.registry import BUDGETS
from genharness.spec.dataset_name import MOST_SAMPLES, Fit, split_references
from genharness.spec.length import read_length
from genharness.spec.options import PluginOptions, option, read_names, read_whole
from genharness.study.measuring import LARGEST_SEED, Measuring
from genharness.study.settings import LARGEST_BATCH

__all__ = [
    "MOST_SEEDS",
    "Suite",
    "parse_seeds",
    "read_device",
]

PRECISIONS = ("auto", "fp32", "tf32", "bf16")

MOST_SEEDS = 100_000

_SHORTEST = 1e-15
"""Least of any unit but operations that a length can be written with."""

_GOAL = re.compile(r"best|ranking|top:[1-9]\d{0,3}", re.ASCII)
_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,4})?", re.ASCII)


def parse_seeds(value: Any) -> tuple[int, ...]:
    """Read seeds: a count (`3` is 0, 1, 2), a list, or text such as `0,7,11`.

    Raises:
        ConfigError: If it is none of these, empty, or repeats a seed; the rest of a sentence.
    """
    wrong = ConfigError("must be a count such as 3, or different whole numbers such as 0,7,11")
    try:
        parts = [int(part) for part in value.split(",")] if isinstance(value, str) else _listed(value)
        if isinstance(parts, int) or (isinstance(value, str) and len(parts) == 1):
            count = parts if isinstance(parts, int) else parts[0]
            if count > MOST_SEEDS:
                raise ConfigError(f"is out of range: at most {MOST_SEEDS:,} seeds")
            seeds = tuple(range(count))
        else:
            seeds = tuple(int(str(part)) for part in parts)
    except (TypeError, ValueError):
        raise wrong from None
    if isinstance(value, bool) or not seeds or len(set(seeds)) != len(seeds):
        raise wrong
    if len(seeds) > MOST_SEEDS:
        raise ConfigError(f"is out of range: at most {MOST_SEEDS:,} seeds")
    return seeds


def _listed(value: Any) -> Any:
    """Return a number or a list of some; bytes and mappings can be gone through as well, but are none.

    Raises:
        TypeError: If it is one of these.
    """
    if isinstance(value, (bytes, bytearray, memoryview, Mapping)):
        raise TypeError
    return value


def _read_datasets(value: Any) -> tuple[str, ...]:
    return read_names(value, split_references)


def _read_budgets(value: Any) -> tuple[str, ...]:
    """Return budgets: each a recipe's name, or a length of more than nothing in its one spelling."""
    names = list(dict.fromkeys(read_names(value)))
    if not names:
        raise ConfigError("names no budget")
    budgets = []
    for name in names:
        try:
            budgets.append(_read_budget(name))
        except ConfigError as error:
            raise ConfigError(f"holds {name}, which {error}" if len(names) > 1 else str(error)) from None
    return tuple(dict.fromkeys(budgets))


def _read_budget(value: str) -> str:
    if value in BUDGETS:
        return value
    try:
        length = read_length(value)
    except ConfigError as error:
        meant = nearest(value, BUDGETS)
        raise ConfigError(f"{error}; did you mean {meant!r}?" if meant else str(error)) from None
    if not length.amount >= (1 if length.unit == "flops" else _SHORTEST):
        raise ConfigError("trains nothing: it must be more than 0")
    return str(length)


def _read_batches(value: Any) -> tuple[int, ...]:
    parts = value.replace(",", " ").split() if isinstance(value, str) else _listed(value)
    parts = [parts] if isinstance(parts, (int, float)) else parts
    return tuple(dict.fromkeys(read_whole(part) for part in parts))


def _read_precisions(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(read_names(value))) or ("",)


def _read_goal(value: Any) -> str:
    """Return what is to be decided: `best`, `ranking`, or `top:` and how many."""
    if not isinstance(value, str):
        raise TypeError
    if not _GOAL.fullmatch(value):
        raise ConfigError("is none of best, ranking, top:3")
    return value


def read_device(value: Any) -> str:
    """Return a device as it is written; whether it is there is asked later."""
    if not isinstance(value, str):
        raise TypeError
    if not _DEVICE.fullmatch(value):
        raise ConfigError("is none of auto, cpu, cuda, cuda:0")
    return value


@dataclass(frozen=True, kw_only=True)
class Suite(Measuring):
    """A study: what to train on what, how long, and how to measure.

    Attributes:
        models: Names, patterns such as `*gan*`, `generator:PATH` for one made elsewhere, or `all`.
        baselines: Whether the models that others are read against (`ModelSpec.baseline`) are added to them.
        datasets: Dataset references such as `cifar10@64` or `folder:photos`.
        seeds: Training seeds.
        budget: Budgets, each `smoke`, `standard`, `paper`, or a length such as `20epochs`: of several every model has
            each.
        batch_size: Samples in a batch of every model whose own setting does not say; of several each. Empty for what
            recipes say.
        device: `auto`, `cpu`, `cuda`, or `cuda:1`.
        precision: `fp32`, `tf32` or `bf16`, of several each; `auto` is `tf32` on CUDA and `fp32` elsewhere.
        compile: Whether networks go through `torch.compile`.
        limit: At most so many samples of each split of the data; None for all.
        fit: How pictures that are no squares become some, where a dataset's name does not say it.
        sweep: Options that vary, by model: lists, ranges; `zip` and `exclude` beside them.
        ablate: What is changed one at a time from the settings of a model, by model.
        until_decided: The score that decides how many seeds rows get: a metric, a column, or `auto` for the one that
            ranks; empty: all rows get all seeds.
        goal: What is to be decided: `best`, `top:k`, `ranking`.
        margin: Rows that differ by less are equal; None where no difference is too small.
    """

    models: tuple[str, ...] = option((), help="Names, patterns such as '*gan*', generator:PATH, or all")
    baselines: bool = option(True, help="Add the rows real and noise to the models that are named")
    datasets: tuple[str, ...] = option((), read=_read_datasets, help="Such as cifar10, covid@64, folder:PATH")
    seeds: tuple[int, ...] = option(
        (0,), low=0, high=LARGEST_SEED, read=parse_seeds, help="A count such as 3, or a list such as 0,7,11"
    )
    budget: tuple[str, ...] = option(
        ("smoke",),
        read=_read_budgets,
        help="smoke, standard, paper, or a length: 20epochs, 5000steps, 200kimg, 90s, 2e15flops",
    )
    batch_size: tuple[int, ...] = option(
        (), low=1, high=LARGEST_BATCH, read=_read_batches, help="Samples in a batch, for every trained model"
    )
    device: str = option("auto", read=read_device, help="auto, cpu, cuda or cuda:1")
    precision: tuple[str, ...] = option(
        ("auto",),
        choices=PRECISIONS,
        read=_read_precisions,
        help="Arithmetic of training and sampling; auto: tf32 on CUDA, else fp32",
    )
    compile: bool = option(False, help="Put networks through torch.compile")
    limit: int | None = option(
        None, low=2, high=MOST_SAMPLES, help="Samples of each split of the data at most, for quick studies"
    )
    fit: Fit | None = option(None, help="Pictures that are no squares: crop them, pad them with black, or stretch them")
    sweep: PluginOptions = option({}, help="Options that vary by model: lists, or ranges LOW..HIGH:log:POINTS")
    ablate: PluginOptions = option({}, help="What is changed one at a time by model, from what is set")
    until_decided: str = option(
        "", help="Add seeds only where the question is open, by this metric or the one that ranks"
    )
    goal: str = option("best", read=_read_goal, help="What is to be decided: best, top:3, ranking")
    margin: float | None = option(
        None, above=0, high=10, help="Rows that differ by less are equal: 0.05 is 5 % where ratios are compared"
    )
