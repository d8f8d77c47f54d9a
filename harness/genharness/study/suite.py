"""TOML file and command-line options -> Suite: what was asked for, before anything is looked up."""

from __future__ import annotations

import dataclasses
import importlib.resources
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genharness.errors import ConfigError, did_you_mean, refuse

__all__ = ["Suite", "load_suite", "parse_seeds", "parse_setting"]


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A study: what to train on what, how long, and how to measure.

    Attributes:
        models: Names, patterns such as `*gan*`, or `all`.
        datasets: Dataset references such as `cifar10@64` or `folder:photos`.
        metrics: Names, patterns, `all`, or `default`.
        seeds: Training seeds.
        budget: `smoke`, `standard`, `paper`, or a length such as `20epochs`.
        features: An extractor, or `auto`.
        resize: Resize convention of the extractor; empty for its default.
        samples: Generated samples to score; 0 lets the budget and the held-out split decide.
        reference: At most so many reference samples; 0 for the whole split.
        reference_split: Split that samples are compared with.
        protocol_seed: Seed of subsets, sampling and metrics' own randomness.
        device: `auto`, `cpu`, `cuda`, or `cuda:1`.
        precision: `fp32`, `tf32` or `bf16`.
        compile: Whether networks go through `torch.compile`.
        limit: At most so many samples of each split of the data; 0 for all.
        set: Options by plugin name.
    """

    models: tuple[str, ...]
    datasets: tuple[str, ...]
    metrics: tuple[str, ...] = ("default",)
    seeds: tuple[int, ...] = (0,)
    budget: str = "smoke"
    features: str = "auto"
    resize: str = ""
    samples: int = 0
    reference: int = 0
    reference_split: str = "train"
    protocol_seed: int = 0
    device: str = "auto"
    precision: str = "fp32"
    compile: bool = False
    limit: int = 0
    set: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def load_suite(path: Path | None, overrides: Mapping[str, Any]) -> Suite:
    """Read a suite file (or the embedded default) and lay the command line's options over it.

    Args:
        path: TOML file, or None for the embedded default.
        overrides: Fields of `Suite` given on the command line; `set` is merged, the rest replaces.

    Raises:
        ConfigError: For every mistake in the file at once, one line each.
    """
    text, name = _read(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not TOML: {error}") from error
    values, errors = _checked(content, name)
    refuse(errors)
    settings = {owner: dict(options) for owner, options in values.pop("set", {}).items()}
    for owner, options in overrides.get("set", {}).items():
        settings.setdefault(owner, {}).update(options)
    return Suite(**{**values, **overrides, "set": settings})


def _read(path: Path | None) -> tuple[str, str]:
    if path is None:
        return importlib.resources.files("genharness").joinpath("default_suite.toml").read_text(), "the default suite"
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except OSError as error:
        raise ConfigError(f"cannot read the suite {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the suite {path} is not UTF-8 text") from error


def _checked(content: Mapping[str, Any], name: str) -> tuple[dict[str, Any], list[str]]:
    """Return the values of a suite file as `Suite` wants them, and every mistake."""
    fields = {item.name: item for item in dataclasses.fields(Suite)}
    values: dict[str, Any] = {}
    errors: list[str] = []
    for key, value in content.items():
        if key not in fields:
            errors.append(f"{name}: unknown key {key!r}{did_you_mean(key, fields)}")
            continue
        try:
            values[key] = _READERS[str(fields[key].type)](value)
        except ConfigError as error:
            errors.append(f"{name}: {key}: {error}")
        except (TypeError, ValueError, AttributeError):
            errors.append(f"{name}: {key} = {value!r} must be {_WORDS[str(fields[key].type)]}")
    errors += [
        f"{name}: {key} is missing: name at least one, or all" for key in ("models", "datasets") if key not in values
    ]
    return values, errors


def _names(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else [_text(part) for part in value]
    return tuple(part.strip() for part in parts if part.strip())


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _settings(value: Any) -> dict[str, dict[str, Any]]:
    return {str(owner): dict(options.items()) for owner, options in value.items()}


def parse_seeds(value: Any) -> tuple[int, ...]:
    """Read seeds: a count (`3` is 0, 1, 2), a list, or text such as `0,7,11`.

    Raises:
        ConfigError: If it is none of these, empty, negative, or repeats a seed.
    """
    wrong = ConfigError(f"seeds {value!r} must be a count such as 3, or different whole numbers such as 0,7,11")
    try:
        if isinstance(value, bool):
            raise wrong
        parts = value.split(",") if isinstance(value, str) else value
        if isinstance(parts, int) or (len(parts) == 1 and isinstance(value, str)):
            seeds = tuple(range(int(parts if isinstance(parts, int) else parts[0])))
        else:
            seeds = tuple(int(str(part)) for part in parts)
    except (TypeError, ValueError):
        raise wrong from None
    if not seeds or min(seeds) < 0 or len(set(seeds)) != len(seeds):
        raise wrong
    return seeds


def parse_setting(text: str) -> tuple[str, str, str]:
    """Split `NAME.OPTION=VALUE`.

    Raises:
        ConfigError: If it does not read so.
    """
    target, equals, value = text.partition("=")
    owner, dot, option = target.strip().rpartition(".")
    if not (equals and dot and owner and option):
        raise ConfigError(f"--set {text!r} must read NAME.OPTION=VALUE, such as --set dcgan.lr=1e-4")
    return owner, option, value.strip()


_READERS = {
    "tuple[str, ...]": _names,
    "tuple[int, ...]": parse_seeds,
    "str": _text,
    "int": _whole,
    "bool": _flag,
    "Mapping[str, Mapping[str, Any]]": _settings,
}
_WORDS = {
    "tuple[str, ...]": "a list of names",
    "tuple[int, ...]": "a count or a list of whole numbers",
    "str": "text",
    "int": "a whole number of at least 0",
    "bool": "true or false",
    "Mapping[str, Mapping[str, Any]]": "a table of tables, such as [set.dcgan] with lr = 1e-4",
}
