"""More samples from a cell that is finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genharness.data import PreparedData
from genharness.data.recorded import recorded_data
from genharness.engine.random_state import undisturbed
from genharness.errors import ConfigError, did_you_mean
from genharness.plugin.registry import Registry
from genharness.run.cell import CellRun
from genharness.run.restore import restored
from genharness.run.train import BEST, Fitting
from genharness.spec.cell import Settings, Task
from genharness.spec.record import Record
from genharness.spec.report import Report

if TYPE_CHECKING:
    from genharness.spec.plugins import ModelSpec

__all__ = ["Drawn", "draw_from"]


@dataclass(frozen=True)
class Drawn:
    """Samples of one cell.

    Attributes:
        samples: Images `(n, c, h, w)` uint8, or rows `(n, d)` float32, standardised.
        labels: Classes asked for `(n,)`, or None for an unconditional model.
        class_names: Names of the classes, empty where the data has none.
        modality: `image` or `tabular`.
    """

    samples: NDArray[Any]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    modality: str


def draw_from(
    record: Record,
    registry: Registry,
    *,
    results: Path,
    n: int,
    seed: int = 0,
    classes: Sequence[str] = (),
    device: str = "cpu",
    best: bool = False,
    report: Report = lambda done, total, text: None,
) -> Drawn:
    """Draw samples from a finished cell, with the averaged weights where it was trained with an average.

    A trained model comes from the cell's checkpoint, a reference row is fitted anew. The random states of the process
    are left as they were.

    Args:
        record: The cell's record.
        registry: Where its plugins are.
        results: The results folder that holds its checkpoint.
        n: How many, at least 1.
        seed: The only source of randomness.
        classes: Names or indices of classes that a conditional model makes in turn; when empty, the classes come in
            the shares of the training split.
        device: Where the model runs.
        best: Take the checkpoint at the best score over training, not the last one.
        report: Told of the progress as (done, total, what).

    Raises:
        ConfigError: If the cell has not finished, keeps no checkpoint, cannot give so many samples, or makes no such
            classes.
        DataError: If its data cannot be had on this machine.
        RunError: If its checkpoint cannot be read.
    """
    if record.source != "trained":
        raise ConfigError(f"{record.cell.id} is of samples made elsewhere: genharness has no model to draw from")
    spec = registry.models.find(record.cell.model)
    run = CellRun(
        Task(cell=record.cell, metrics={}, settings=Settings(results=results, device=device)),
        lambda event: None,
        lambda: False,
    )
    _refuse_unfinished(run, record, spec)
    if best:
        _refuse_without_best(run, record)
    data = recorded_data(record, registry, same=not spec.trained, report=report)
    _refuse_too_many(n, spec, data)
    with undisturbed():
        fitting = restored(run, registry, data, best=best)
        labels = _labels(classes, n, seed, fitting, data)
        with fitting.average.applied() as model:
            samples = fitting.sampler(model).draw(
                n, seed=seed, labels=labels, on_progress=lambda done: report(done, n, "samples")
            )
    return Drawn(samples, labels, tuple(data.class_names), data.shape.modality)


def _refuse_unfinished(run: CellRun, record: Record, spec: ModelSpec) -> None:
    if not record.finished:
        raise ConfigError(f"{record.cell.id} has not finished ({record.status}): run it again first")
    if spec.trained and not (run.folder / "checkpoint.pt").is_file():
        raise ConfigError(
            f"{record.cell.id} keeps no checkpoint: run it again with --keep checkpoints --fresh; "
            "the samples that were scored may be in its folder"
        )


def _refuse_without_best(run: CellRun, record: Record) -> None:
    if not (run.folder / BEST).is_file():
        raise ConfigError(
            f"{record.cell.id} keeps no best checkpoint: that takes a run with --score-every and --keep checkpoints; "
            "do it again so with --fresh, or leave out --checkpoint best"
        )


def _refuse_too_many(n: int, spec: ModelSpec, data: PreparedData) -> None:
    held_out = len(data.samples("test"))
    if spec.finite and n > held_out:
        raise ConfigError(f"{spec.name} can give no more than the {held_out:,} held-out samples of the data, not {n:,}")


def _labels(
    classes: Sequence[str], n: int, seed: int, fitting: Fitting, data: PreparedData
) -> NDArray[np.int64] | None:
    drawn = fitting.labels(n, seed)
    if not classes:
        return drawn
    if drawn is None:
        raise ConfigError(f"{fitting.spec.name} does not make the classes that are asked for: leave --labels out")
    chosen = np.array([_class_index(word, data) for word in classes], np.int64)
    return np.resize(chosen, n)


def _class_index(word: str, data: PreparedData) -> int:
    names = tuple(data.class_names)
    if word in names:
        return names.index(word)
    if word.isdecimal() and int(word) < data.shape.classes:
        return int(word)
    known = names or tuple(map(str, range(data.shape.classes)))
    raise ConfigError(f"{data.name} has no class {word!r}{did_you_mean(word, known)}")
