"""Trackers that write files: lines of JSON, and what TensorBoard reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import TrackerSpec, hookimpl, option

__all__ = ["JsonlConfig", "TensorBoardConfig", "genharness_trackers"]


@dataclass(frozen=True)
class JsonlConfig:
    """Where the lines go."""

    file: str = option("events.jsonl", help="file to append to; `--tracker jsonl:PATH`")


@dataclass(frozen=True)
class TensorBoardConfig:
    """Where the event files go."""

    folder: str = option("tensorboard", help="folder, one in it for each cell; `--tracker tensorboard:PATH`")


@hookimpl
def genharness_trackers() -> Sequence[TrackerSpec]:
    """Return the trackers."""
    return [
        TrackerSpec(
            name="jsonl",
            summary="Losses, scores and costs as lines of JSON",
            factory="genharness_track_files.jsonl:JsonlTracker",
            config=JsonlConfig,
            argument="file",
        ),
        TrackerSpec(
            name="tensorboard",
            summary="Losses, scores, costs and pictures for TensorBoard",
            factory="genharness_track_files.tensorboard:TensorBoardTracker",
            config=TensorBoardConfig,
            argument="folder",
            packages=("tensorboard",),
        ),
    ]
