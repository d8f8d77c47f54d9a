"""How cells are run, as users say it: jobs, threads, limits, checkpoints. None of it changes what cells are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from genharness.errors import ConfigError
from genharness.spec.cell import Settings
from genharness.spec.dataset_name import MOST_SAMPLES
from genharness.spec.length import read_length
from genharness.spec.memory import parse_memory
from genharness.spec.options import option

__all__ = ["Running", "settings_of"]

_LONGEST_SECONDS = 1e9
"""Three decades: what waits longer waits for ever."""


def _read_memory(value: Any) -> str:
    """Return an amount of memory as it is written; an empty one is no limit."""
    if not isinstance(value, str):
        raise TypeError
    parse_memory(value)
    return value


def _read_interval(value: Any) -> str:
    """Return a training length that can stand between two scorings, in its one spelling; an empty one is none."""
    if not isinstance(value, str):
        raise TypeError
    try:
        length = read_length(value) if value else None
    except ConfigError:
        length = None
    if value and (length is None or length.unit in ("s", "flops") or not length.amount > 0):
        raise ConfigError("must be a positive interval such as 5epochs, 1000steps or 50kimg")
    return str(length) if length else ""


@dataclass(frozen=True, kw_only=True)
class Running:
    """How cells are run.

    Attributes:
        jobs: Cells at a time; None for one, and where cells run on other machines for as many as there is room for.
        threads: CPU threads of a cell; 0 leaves the choice to the size of its samples.
        score_every: Training length between scorings over training; empty for none.
        score_metrics: What is scored then: names or patterns of the run's metrics, or `default`, those that are meant
            for it.
        score_samples: Samples for a scoring over training.
        checkpoint_every: Seconds of training between checkpoints.
        timeout: Seconds that a cell may take; 0 for no limit.
        memory_limit: Most memory of a cell's process; empty for no limit.
        keep: What stays of a finished cell.
        deterministic: Ask torch for deterministic algorithms.
    """

    jobs: int | None = option(None, low=1, high=100_000, help="Cells at a time; 1, and on a cluster as many as fit")
    threads: int = option(0, low=0, high=4096, help="CPU threads of a cell; 0: by its size")
    score_every: str = option("", read=_read_interval, help="Score over training, such as every 5epochs")
    score_metrics: tuple[str, ...] = option(("default",), help="Metrics for that: names, patterns, all, or default")
    score_samples: int = option(1000, low=2, high=MOST_SAMPLES, help="Samples for that")
    checkpoint_every: float = option(30.0, low=0, high=_LONGEST_SECONDS, help="Seconds between checkpoints")
    timeout: float = option(0.0, low=0, high=_LONGEST_SECONDS, help="Seconds a cell may take; 0 for no limit")
    memory_limit: str = option(
        "", read=_read_memory, help="Most memory of a cell's process, such as 4GiB; at least 1GiB"
    )
    keep: Literal["checkpoints", "samples", "nothing"] = option("checkpoints", help="What stays of a cell")
    deterministic: bool = option(False, help="Ask torch for deterministic algorithms")


def settings_of(running: Running, results: Path, device: str, *, remote: bool = False, **rest: Any) -> Settings:
    """Return the settings of a run.

    Args:
        running: How cells are run.
        results: Results folder.
        device: Device such as `cpu` or `cuda:1`.
        remote: Whether cells run on other machines.
        rest: Fields of `Settings` that are neither: `weights`, `fail_fast`, `fresh`, `score_metrics`.
    """
    return Settings(
        results=results,
        device=device,
        jobs=running.jobs or (0 if remote else 1),
        threads=running.threads,
        score_every=running.score_every,
        score_samples=running.score_samples,
        checkpoint_seconds=running.checkpoint_every,
        timeout_seconds=running.timeout,
        memory_limit_bytes=parse_memory(running.memory_limit),
        keep=running.keep,
        deterministic=running.deterministic,
        **rest,
    )
