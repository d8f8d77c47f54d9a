"""The reconstructions that a finished cell was scored by, made again from its checkpoint."""

from __future__ import annotations

from pathlib import Path

from genharness.data import ensure_prepared, parse_reference
from genharness.engine.random_state import undisturbed
from genharness.errors import ConfigError
from genharness.kit.evaluation import Reconstructions
from genharness.plugin.registry import Registry
from genharness.run.cell import CellRun
from genharness.run.restore import restored
from genharness.run.score import CellScoring
from genharness.run.train import CHECKPOINT
from genharness.spec.cell import Settings, Task
from genharness.spec.record import Record

__all__ = ["reconstruct_from"]


def reconstruct_from(record: Record, registry: Registry, *, results: Path, device: str = "cpu") -> Reconstructions:
    """Return held-out samples beside what the cell's model makes of them, the random states left as they were.

    Args:
        record: Of a trained cell that finished.
        registry: Where its plugins are.
        results: The results folder that holds its checkpoint.
        device: Device such as `cpu` or `cuda`.

    Raises:
        ConfigError: If the cell keeps no checkpoint, or its model gives no reconstructions.
        RunError: If the checkpoint cannot be read, or is of unfinished training.
    """
    settings = Settings(results=results, device=device)
    run = CellRun(Task(cell=record.cell, metrics={}, settings=settings), lambda event: None, lambda: False)
    if registry.models.find(record.cell.model).trained and not (run.folder / CHECKPOINT).is_file():
        raise ConfigError(f"{run.cell.id} keeps no checkpoint: run it again with --keep checkpoints --fresh")
    reference = parse_reference(record.cell.dataset)
    data = ensure_prepared(registry.datasets.find(reference.name), reference)
    with undisturbed():
        scoring = CellScoring(run, registry, data)
        fitting = restored(run, registry, data)
        with fitting.average.applied() as model:
            found = scoring.reconstructions(model)
    if found is None:
        raise ConfigError(f"{record.cell.model} gives no reconstructions")
    return found
