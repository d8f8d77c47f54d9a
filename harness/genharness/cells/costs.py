"""What a trained model costs: operations, latency, throughput; whatever cannot be measured is a note."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from genharness.engine.build import build_model
from genharness.engine.costs.footprint import attempted
from genharness.engine.costs.latency import sampling_speed
from genharness.engine.costs.operations import sampling_operations, step_work
from genharness.engine.random_state import undisturbed
from genharness.engine.source import SampleSource
from genharness.errors import RunError
from genharness.kit.model import GenerativeModel
from genharness.spec.cell import Cell
from genharness.spec.length import Length, parse_length
from genharness.spec.plugins import DataShape, ModelSpec

__all__ = [
    "SamplingCosts",
    "batch_flops",
    "counted_step",
    "counted_work",
    "operations",
    "sampling_costs",
    "training_length",
]

SamplingCosts = tuple[dict[str, float], dict[str, list[float]]]
"""Measurements, and throughput over batch sizes."""

_TIMED = 512
"""Samples of the largest batch that throughput is measured with."""


def operations(source: SampleSource, cell: Cell, *, trains: bool) -> tuple[dict[str, float], Sequence[str]]:
    """Return the operations of a sample and of a training step, and notes; the random states are left as they were.

    Args:
        source: The model.
        cell: The cell that it belongs to.
        trains: Whether it is trained in steps.
    """
    nothing: dict[str, float] = {}
    with undisturbed():
        sampling, notes = attempted("operations of sampling", lambda: _of_sampling(source), nothing)
        training, more = (
            attempted("operations of a step", lambda: _of_a_step(source, cell), nothing) if trains else ({}, ())
        )
    return {**sampling, **training}, (*notes, *more)


def _of_sampling(source: SampleSource) -> dict[str, float]:
    with source.applied() as model:
        return dict(sampling_operations(model, _labels(source, model, 1, 0)))


def _of_a_step(source: SampleSource, cell: Cell) -> dict[str, float]:
    return {"step_flops": counted_step(source.spec, cell, source.data.shape)}


def counted_step(spec: ModelSpec, cell: Cell, shape: DataShape) -> float:
    """Return the operations of a training step for each sample of its batch.

    They are counted on the meta device, by a model of its own, which takes neither memory nor arithmetic.

    Args:
        spec: The cell's model.
        cell: Gives options and batch.
        shape: Of its data.
    """
    return counted_work(spec, cell, shape)[0]


def counted_work(spec: ModelSpec, cell: Cell, shape: DataShape) -> tuple[float, float]:
    """Return the operations of a training step for each sample of its batch, and the calls of the whole step.

    Args:
        spec: The cell's model.
        cell: Gives options and batch.
        shape: Of its data.
    """
    return step_work(build_model(spec, cell.every_option, shape, torch.device("meta")), cell.batch_size)


def training_length(source: SampleSource, cell: Cell) -> Length:
    """Return how long a cell is trained: a budget of operations in steps of its model, any other as it is.

    Raises:
        RunError: If the budget is in operations and those of the model cannot be counted.
    """
    length = parse_length(cell.length)
    return length.in_steps(batch_flops(source.spec, cell, source.data.shape)) if length.unit == "flops" else length


def batch_flops(spec: ModelSpec, cell: Cell, shape: DataShape) -> float:
    """Return the operations of a training step of the whole batch, which a budget in operations is divided by.

    Args:
        spec: The cell's model.
        cell: Gives options and batch.
        shape: Of its data.

    Raises:
        RunError: If they cannot be counted.
    """
    with undisturbed():
        each, why = attempted("operations of a step", lambda: counted_step(spec, cell, shape), 0.0)
    if not each:
        reason = why[0] if why else "a step of it has none that torch counts"
        raise RunError(
            f"{cell.model} cannot be given a budget in FLOPs ({reason}): give it steps, epochs, kimg or seconds"
        )
    return each * cell.batch_size


def sampling_costs(source: SampleSource, model: GenerativeModel, seed: int) -> tuple[SamplingCosts, Sequence[str]]:
    """Return what sampling costs in time, and notes.

    Args:
        source: Where the model comes from.
        model: What `source.applied` gives.
        seed: Of the classes that a conditional model is asked for.
    """
    largest = min(_TIMED, len(source.data.samples("test"))) if source.spec.finite else _TIMED
    labels, sampler = _labels(source, model, _TIMED, seed), source.sampler(model)
    nothing: SamplingCosts = ({}, {})
    return attempted("latency and throughput", lambda: sampling_speed(sampler, labels, largest), nothing)


def _labels(source: SampleSource, model: GenerativeModel, n: int, seed: int) -> torch.Tensor | None:
    labels = source.labels(n, seed)
    return None if labels is None else torch.from_numpy(labels).to(model.device)
