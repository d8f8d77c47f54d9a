"""Options and conversions that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from genharness.errors import ConfigError, DataError
from genharness.files.paths import input_path, printable
from genharness.study.suite import parse_setting

__all__ = [
    "InputPath",
    "positive_seconds",
    "read_settings",
    "resolve_device",
    "results_argument",
    "split_names",
]

DEFAULT_RESULTS = Path("results")


class InputPath(click.ParamType):  # type: ignore[type-arg]  # generic in click's newest release only
    """A file or folder of the user's that must exist."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path, `~` resolved."""
        found = input_path(str(value))
        if found is None:
            raise DataError(f"{printable(value)} does not exist: check the path")
        return found


def split_names(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Split a comma-separated option."""
    return None if value is None else tuple(part.strip() for part in value.split(",") if part.strip())


def positive_seconds(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    """Refuse a negative duration."""
    if value < 0:
        raise click.BadParameter(f"{value:g} is negative")
    return value


def read_settings(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the options by plugin that `--set NAME.OPTION=VALUE` gives.

    Raises:
        ConfigError: If one has another form.
    """
    values: dict[str, dict[str, str]] = {}
    for text in texts:
        owner, option, value = parse_setting(text)
        values.setdefault(owner, {})[option] = value
    return values


def results_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the optional argument RESULTS."""
    return click.argument("results", type=click.Path(path_type=Path), default=DEFAULT_RESULTS)(function)


def resolve_device(wanted: str) -> str:
    """Return the device that `auto` means here, or check the one that was asked for; imports torch only for CUDA.

    Raises:
        ConfigError: If the device is unknown or not there.
    """
    kind, colon, index = wanted.partition(":")
    if kind not in ("auto", "cpu", "cuda") or (colon and (kind != "cuda" or not index.isdigit())):
        raise ConfigError(f"device {wanted!r} is none of auto, cpu, cuda, cuda:0")
    if kind == "cpu" or (kind == "auto" and not _may_have_cuda()):
        return "cpu"
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "auto":
        return "cuda" if count else "cpu"
    if not count:
        raise ConfigError(f"device {wanted!r} is not there: torch sees no CUDA device; use --device cpu, or see doctor")
    if index and int(index) >= count:
        raise ConfigError(f"device {wanted!r} is not there: torch sees {count}")
    return wanted


def _may_have_cuda() -> bool:
    """Whether a CUDA device is possible, judged without the cost of importing torch."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1")
    return not hidden and (Path("/proc/driver/nvidia").exists() or os.name == "nt" or Path("/dev/nvidiactl").exists())
