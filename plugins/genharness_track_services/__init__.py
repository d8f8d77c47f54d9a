"""Trackers for MLflow and for Weights & Biases, which ask nothing of any network unless they are told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import TrackerSpec, hookimpl, option

__all__ = ["MlflowConfig", "WandbConfig", "genharness_trackers"]


@dataclass(frozen=True)
class MlflowConfig:
    """Where MLflow keeps its runs."""

    uri: str = option("sqlite:///mlflow.db", help="tracking URI: a database, or a server; `--tracker mlflow:URI`")
    experiment: str = option("genharness", help="experiment that the runs stand in")


@dataclass(frozen=True)
class WandbConfig:
    """Where runs go."""

    project: str = option("genharness", help="project that the runs stand in; `--tracker wandb:PROJECT`")
    mode: str = option(
        "offline", choices=("offline", "online"), help="files alone, to send with `wandb sync`, or a server"
    )
    folder: str = option(".", help="folder in which the folder `wandb` is made")


@hookimpl
def genharness_trackers() -> Sequence[TrackerSpec]:
    """Return the trackers."""
    return [
        TrackerSpec(
            name="mlflow",
            summary="Losses, scores, costs, options and pictures for MLflow",
            factory="genharness_track_services.mlflow_runs:MlflowTracker",
            config=MlflowConfig,
            argument="uri",
            packages=("mlflow-skinny",),
        ),
        TrackerSpec(
            name="wandb",
            summary="Losses, scores, costs, options and pictures for Weights & Biases",
            factory="genharness_track_services.wandb_runs:WandbTracker",
            config=WandbConfig,
            argument="project",
            packages=("wandb",),
        ),
    ]
