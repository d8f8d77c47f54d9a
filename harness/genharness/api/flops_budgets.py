"""Budgets in operations: refused for models whose operations cannot be counted, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from genharness.errors import RunError, refuse
from genharness.plugin.registry import Registry
from genharness.spec.cell import Cell
from genharness.spec.dataset_facts import DatasetFacts

__all__ = ["refuse_uncounted"]


def refuse_uncounted(cells: Iterable[Cell], registry: Registry, dataset_facts: Callable[[str], DatasetFacts]) -> None:
    """Refuse budgets in operations of models whose operations cannot be counted; others are not looked at.

    Whether they can be is the same at every point of a model, so its first cell is counted, which takes torch.

    Args:
        cells: That are to be trained.
        registry: What exists.
        dataset_facts: Gives shape and counts of a dataset reference.

    Raises:
        ConfigError: One line for each such model.
    """
    first: dict[str, Cell] = {}
    for cell in cells:
        if cell.length.endswith("flops"):
            first.setdefault(cell.model, cell)
    refuse(line for cell in first.values() for line in _wrong(cell, registry, dataset_facts))


def _wrong(cell: Cell, registry: Registry, dataset_facts: Callable[[str], DatasetFacts]) -> tuple[str, ...]:
    from genharness.cells.costs import batch_flops

    try:
        batch_flops(registry.models.find(cell.model), cell, dataset_facts(cell.dataset).shape)
    except RunError as error:
        return error.lines
    return ()
