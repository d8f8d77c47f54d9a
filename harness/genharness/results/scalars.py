"""A run as named numbers at training steps, each told once: what trackers pass on to others' tools."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genharness.plugin.execution import Event
from genharness.spec.record import Record

__all__ = ["Scalar", "Scalars", "final_table", "options_of_cell"]

_OVER_TRAINING, _TRAIN, _HELD_OUT = "over training", "train", "held out"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One number.

    Attributes:
        name: What it is, such as `train/loss`, `held out/loss`, `over training/fid`, `score/fid` or
            `cost/train_seconds`.
        value: The number; a loss may be NaN.
        step: Training steps taken.
    """

    name: str
    value: float
    step: int


class Scalars:
    """Turns events and records into numbers.

    What an event told live is not told again with the record, which holds all points: losses at steps that no event
    told, as events come only now and then, and those of an earlier attempt at the cell too.
    """

    def __init__(self) -> None:
        self._told: dict[str, set[tuple[str, int]]] = defaultdict(set)

    def of_event(self, event: Event) -> list[Scalar]:
        """Return the losses or scores at a step; news without numbers have none."""
        kind = _OVER_TRAINING if event.phase == "score-over-training" else event.phase
        found = [Scalar(f"{kind}/{name}", float(value), event.step) for name, value in event.values.items()]
        if kind in (_OVER_TRAINING, _TRAIN):
            self._told[event.cell_id] |= {(one.name, one.step) for one in found}
        return found

    def of_record(self, record: Record) -> list[Scalar]:
        """Return the losses and scores over training that no event told, the final scores, and the costs."""
        told = self._told.pop(record.cell.id, set())
        last = int(record.measurements.get("train_steps", 0))
        final: dict[str, Mapping[str, float | None]] = {"score": record.scores, "cost": record.measurements}
        return [
            *(one for one in _curves(record) if (one.name, one.step) not in told),
            *(
                Scalar(f"{kind}/{name}", value, last)
                for kind, numbers in final.items()
                for name, value in numbers.items()
                if value is not None
            ),
        ]


def _curves(record: Record) -> Iterator[Scalar]:
    """Yield every point of a record's curves, in the order of their steps."""
    history = record.history
    kinds = ((_TRAIN, history.losses), (_HELD_OUT, history.held_out), (_OVER_TRAINING, history.scores))
    found = [one for kind, curves in kinds for one in _points(kind, curves)]
    return iter(sorted(found, key=lambda one: one.step))


def _points(kind: str, curves: Mapping[str, Sequence[float | None]]) -> Iterator[Scalar]:
    for name, values in curves.items():
        for step, value in zip(curves["step"], values, strict=False):
            if name not in ("step", "samples") and step is not None and value is not None:
                yield Scalar(f"{kind}/{name}", value, int(step))


def options_of_cell(record: Record) -> dict[str, Any]:
    """Return what a cell was run with, flat: model, dataset, seed, length, every option of the model."""
    cell = record.cell
    about = {"model": cell.model, "dataset": cell.dataset, "seed": cell.seed, "budget": cell.budget}
    about |= {"length": cell.length, "batch_size": cell.batch_size, "protocol": record.protocol_hash}
    return {**about, **{f"option.{name}": value for name, value in cell.every_option.items()}}


def final_table(records: Iterable[Record]) -> tuple[list[str], list[list[str | float | None]]]:
    """Return the heads and the rows of a table of records: a row a cell, its end, scores and costs.

    Example:
        >>> final_table([])
        (['cell', 'model', 'dataset', 'seed', 'status'], [])
    """
    some = list(records)
    scores = list(dict.fromkeys(name for one in some for name in one.scores))
    costs = list(dict.fromkeys(name for one in some for name in one.measurements))
    heads = ["cell", "model", "dataset", "seed", "status", *scores, *costs]
    rows = [
        [
            *(one.cell.id, one.cell.model, one.cell.dataset, one.cell.seed, one.status),
            *(one.scores.get(name) for name in scores),
            *(one.measurements.get(name) for name in costs),
        ]
        for one in some
    ]
    return heads, rows
