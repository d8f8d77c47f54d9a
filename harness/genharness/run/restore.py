"""A finished cell's model, as its checkpoint has it."""

from __future__ import annotations

from genharness.data import PreparedData
from genharness.engine.checkpoint import UnreadableCheckpointError
from genharness.errors import RunError
from genharness.plugin.registry import Registry
from genharness.run.cell import CellRun
from genharness.run.train import BEST, CHECKPOINT, Fitting

__all__ = ["restored"]


def restored(run: CellRun, registry: Registry, data: PreparedData, *, best: bool = False) -> Fitting:
    """Return a cell's model ready to sample; no training step is taken and nothing is written.

    Args:
        run: The cell.
        registry: Where its plugins are.
        data: What it was trained on.
        best: Take the checkpoint at the best score over training, not the last one.

    Raises:
        RunError: If the checkpoint cannot be read, or the last one is of unfinished training.
    """
    fitting = Fitting(run, registry, data)
    try:
        fitting.resume(BEST if best else CHECKPOINT)
    except UnreadableCheckpointError as error:
        which = "best checkpoint" if best else "checkpoint"
        raise RunError(f"the {which} of {run.cell.id} is unusable ({error}): run the cell again") from error
    if fitting.trains and not (fitting.finished or best):
        raise RunError(f"the checkpoint of {run.cell.id} is of unfinished training: run the cell again")
    fitting.complete()
    return fitting
