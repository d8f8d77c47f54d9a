"""The reconstructions that a finished cell was scored by, made again from its checkpoint."""

from __future__ import annotations

from pathlib import Path

import torch

from genharness.cells.restore import refuse_without_checkpoint, restore
from genharness.data import ensure_prepared, parse_reference
from genharness.engine.random_state import undisturbed
from genharness.errors import ConfigError
from genharness.kit.evaluation import Reconstructions
from genharness.measure.capabilities import views_of
from genharness.plugin.registry import Registry
from genharness.results.store import Store
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
    cell, folder = record.cell, Store(results).training_of(record.cell, record.training)
    spec = registry.models.find(cell.model)
    refuse_without_checkpoint(cell, folder, spec)
    reference = parse_reference(cell.dataset)
    data = ensure_prepared(registry.datasets.find(reference.name), reference)
    with undisturbed():
        source = restore(cell, folder, spec, data, torch.device(device))
        with source.applied() as model:
            views = views_of(model, data.samples("test"), seed=cell.protocol.seed)
            if "reconstructions" not in views:
                raise ConfigError(f"{cell.model} gives no reconstructions")
            found: Reconstructions = views["reconstructions"]()
    return found
