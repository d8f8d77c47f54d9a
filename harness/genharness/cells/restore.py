"""A finished cell's model, as its checkpoint has it."""

from __future__ import annotations

import torch

from genharness.cells.train import new_source
from genharness.data import PreparedData
from genharness.engine.checkpoint import UnreadableCheckpointError, load_checkpoint, taking_up
from genharness.engine.random_state import load_random_state
from genharness.engine.source import SampleSource
from genharness.errors import ConfigError, RunError
from genharness.kit.model import FitsData
from genharness.results.training_folder import TrainingFolder
from genharness.spec.cell import Cell
from genharness.spec.plugins import ModelSpec

__all__ = ["refuse_without_checkpoint", "restore"]


def refuse_without_checkpoint(cell: Cell, folder: TrainingFolder, spec: ModelSpec) -> None:
    """Refuse a trained model whose checkpoint was not kept.

    Raises:
        ConfigError: If there is none.
    """
    if spec.trained and not folder.checkpoint.is_file():
        raise ConfigError(
            f"{cell.id} keeps no checkpoint: run it again with --keep checkpoints --fresh; "
            "the samples that were scored may be in its folder"
        )


def restore(
    cell: Cell, folder: TrainingFolder, spec: ModelSpec, data: PreparedData, device: torch.device, *, best: bool = False
) -> SampleSource:
    """Return a cell's model ready to sample; no training step is taken and nothing is written.

    The global random states are those of the cell afterwards: `engine.random_state.undisturbed` keeps the caller's.

    Args:
        cell: The cell.
        folder: Where its checkpoint is; see `Store.training_of`.
        spec: Its model's plugin.
        data: What it was trained on.
        device: Where the model is built.
        best: Take the checkpoint at the best score over training, not the last one.

    Raises:
        RunError: If the checkpoint cannot be read, or the last one is of unfinished training.
    """
    source = new_source(cell, spec, data, device)
    if not (spec.trained and _take_up(source, cell, folder, device, best)):
        _fit(source)
    return source


def _take_up(source: SampleSource, cell: Cell, folder: TrainingFolder, device: torch.device, best: bool) -> bool:
    """Load a checkpoint and return whether the model has seen the whole data by then."""
    which = "best checkpoint" if best else "checkpoint"
    path = folder.best_checkpoint if best else folder.checkpoint
    try:
        found = load_checkpoint(path, folder.path.name, cell.id)
        if found is None:
            raise RunError(f"{cell.id} keeps no {which}: run it again with --keep checkpoints --fresh")
        with taking_up(path):
            found.restore(source.model, source.average)
            load_random_state(found.random)
    except UnreadableCheckpointError as error:
        raise RunError(f"the {which} of {cell.id} is unusable ({error}): run the cell again") from error
    if not (found.finished or best):
        raise RunError(f"the checkpoint of {cell.id} is of unfinished training: run the cell again")
    return found.finished


def _fit(source: SampleSource) -> None:
    if isinstance(source.model, FitsData):
        with source.applied():
            source.model.fit(source.data)
