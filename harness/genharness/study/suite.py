"""TOML file and command-line options -> Suite: what was asked for, before anything is looked up."""

from __future__ import annotations

import importlib.resources
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from genharness.errors import ConfigError, nearest, refuse, shown
from genharness.plugin.registry import BUDGETS
from genharness.spec.dataset_name import MOST_SAMPLES, split_references
from genharness.spec.length import read_length
from genharness.spec.options import option, read_names, read_options
from genharness.study.measuring import LARGEST_SEED, Measuring

__all__ = [
    "MOST_SEEDS",
    "Precision",
    "Suite",
    "flag",
    "load_suite",
    "parse_seeds",
    "parse_setting",
    "read_device",
    "read_suite",
]

Precision = Literal["auto", "fp32", "tf32", "bf16"]

MOST_SEEDS = 100_000
_LARGEST_SUITE = 4 * 2**20  # bytes; tomllib takes a hundred times as much memory

_DEEPEST = 50
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'""")

_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,4})?", re.ASCII)


def parse_seeds(value: Any) -> tuple[int, ...]:
    """Read seeds: a count (`3` is 0, 1, 2), a list, or text such as `0,7,11`.

    Raises:
        ConfigError: If it is none of these, empty, or repeats a seed; the rest of a sentence.
    """
    wrong = ConfigError("must be a count such as 3, or different whole numbers such as 0,7,11")
    try:
        parts = [int(part) for part in value.split(",")] if isinstance(value, str) else value
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


def _read_datasets(value: Any) -> tuple[str, ...]:
    return read_names(value, split_references)


def _read_budget(value: Any) -> str:
    """Return a budget: a recipe's name, or a length of more than nothing."""
    if not isinstance(value, str):
        raise TypeError
    if value in BUDGETS:
        return value
    try:
        length = read_length(value)
    except ConfigError as error:
        meant = nearest(value, BUDGETS)
        raise ConfigError(f"{error}; did you mean {meant!r}?" if meant else str(error)) from None
    if not length.amount > 0:
        raise ConfigError("trains nothing: it must be more than 0")
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
        models: Names, patterns such as `*gan*`, or `all`.
        baselines: Whether the models that others are read against (`ModelSpec.baseline`) are added to them.
        datasets: Dataset references such as `cifar10@64` or `folder:photos`.
        seeds: Training seeds.
        budget: `smoke`, `standard`, `paper`, or a length such as `20epochs`.
        device: `auto`, `cpu`, `cuda`, or `cuda:1`.
        precision: `fp32`, `tf32` or `bf16`; `auto` is `tf32` on CUDA and `fp32` elsewhere.
        compile: Whether networks go through `torch.compile`.
        limit: At most so many samples of each split of the data; None for all.
    """

    models: tuple[str, ...] = option((), help="Names, patterns such as '*gan*', or all")
    baselines: bool = option(True, help="Add the rows real and noise to the models that are named")
    datasets: tuple[str, ...] = option((), read=_read_datasets, help="Such as cifar10, covid@64, folder:PATH")
    seeds: tuple[int, ...] = option(
        (0,), low=0, high=LARGEST_SEED, read=parse_seeds, help="A count such as 3, or a list such as 0,7,11"
    )
    budget: str = option(
        "smoke", read=_read_budget, help="smoke, standard, paper, or a length: 20epochs, 5000steps, 200kimg, 90s"
    )
    device: str = option("auto", read=read_device, help="auto, cpu, cuda or cuda:1")
    precision: Precision = option("auto", help="Arithmetic of training and sampling; auto: tf32 on CUDA, else fp32")
    compile: bool = option(False, help="Put networks through torch.compile")
    limit: int | None = option(
        None, low=2, high=MOST_SAMPLES, help="Samples of each split of the data at most, for quick studies"
    )


def flag(name: str) -> str:
    """Return the command-line option of a field: `--protocol-seed`."""
    return f"--{name.replace('_', '-')}"


def read_suite(
    path: Path | None,
    given: Mapping[str, Any],
    *,
    source: str = "the command line",
    name_of: Callable[[str], str] = flag,
) -> tuple[Suite, list[str]]:
    """Read a suite file (or the embedded default), lay the command line's options over it, and check both.

    Args:
        path: TOML file, or None for the embedded default.
        given: Fields of `Suite` given on the command line; `set` is merged, the rest replaces.
        source: Who gave them, for messages.
        name_of: What a field of them is called in messages.

    Returns:
        The suite, with what does not fit left at its default, and every mistake, one line each.

    Raises:
        ConfigError: If the file cannot be read, or is no TOML.
    """
    content, name = _content(path)
    values, mistakes = read_options(name, Suite, content, lambda key: f"{name}: {key}")
    over, more = read_options(source, Suite, given, name_of)
    settings = {owner: dict(options) for owner, options in values.get("set", {}).items()}
    for owner, options in over.get("set", {}).items():
        settings.setdefault(owner, {}).update(options)
    return Suite(**{**values, **over, "set": settings}), [*mistakes, *more]


def load_suite(path: Path | None, given: Mapping[str, Any]) -> Suite:
    """Return what `read_suite` reads.

    Raises:
        ConfigError: For every mistake at once, one line each.
    """
    suite, mistakes = read_suite(path, given)
    refuse(mistakes)
    return suite


def _content(path: Path | None) -> tuple[dict[str, Any], str]:
    """Return the parsed TOML, and what to call it."""
    if path is None:
        text = importlib.resources.files("genharness").joinpath("default_suite.toml").read_text()
        return tomllib.loads(text), "the default suite"
    text = _text(path)
    if _is_deep(text):
        raise ConfigError(f"{path} is not TOML that anybody could mean: it is nested too deeply")
    try:
        return tomllib.loads(text), str(path)
    except RecursionError:
        raise ConfigError(f"{path} is not TOML that anybody could mean: it is nested too deeply") from None
    except ValueError as error:  # a TOMLDecodeError is one, and so is a number of thousands of digits
        raise ConfigError(f"{path} is not TOML: {error}") from error


def _is_deep(text: str) -> bool:
    """Whether a key has so many dots that tomllib would take minutes, or its tables could not even be printed."""
    lines = (line for line in text.splitlines() if line.count(".") >= _DEEPEST)
    bare = (_STRING.sub("", line).partition("#")[0] for line in lines)
    return any(part.count(".") >= _DEEPEST for line in bare for part in re.split(r"[^\w\s.-]", line))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_SUITE + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot read the suite {shown(path)}: {reason}") from error
    if len(content) > _LARGEST_SUITE:
        raise ConfigError(f"cannot read the suite {path}: it is larger than {_LARGEST_SUITE >> 20} MiB")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"the suite {path} is not UTF-8 text") from error


def parse_setting(text: str) -> tuple[str, str, str]:
    """Split `NAME.OPTION=VALUE`.

    Raises:
        ConfigError: If it does not read so.
    """
    target, equals, value = text.partition("=")
    owner, dot, option_name = target.strip().rpartition(".")
    if not (equals and dot and owner and option_name):
        raise ConfigError(f"--set {shown(text)!r} must read NAME.OPTION=VALUE, such as --set dcgan.lr=1e-4")
    return owner, option_name, value.strip()
