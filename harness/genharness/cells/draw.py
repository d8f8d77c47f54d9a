"""More samples from a cell that is finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genharness.cells.restore import refuse_without_checkpoint, restore
from genharness.data import PreparedData, Units
from genharness.data.recorded import recorded_data
from genharness.engine.random_state import undisturbed
from genharness.engine.source import SampleSource
from genharness.errors import ConfigError, did_you_mean
from genharness.plugin.registry import Registry
from genharness.results.store import Store
from genharness.results.training_folder import TrainingFolder
from genharness.spec.plugins import ModelSpec
from genharness.spec.record import Record
from genharness.spec.report import Report
from genharness.study.settings import drawn_options

__all__ = ["Drawn", "draw_from"]


@dataclass(frozen=True)
class Drawn:
    """Samples of one cell.

    Attributes:
        samples: Images `(n, c, h, w)` uint8, or rows `(n, d)` float32, standardised.
        labels: Classes asked for `(n,)`, or None for an unconditional model.
        class_names: Names of the classes, empty where the data has none.
        modality: `image` or `tabular`.
        units: How a table was standardised, None where that is not known.
    """

    samples: NDArray[Any]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    modality: str
    units: Units | None = None


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
    sampling: Mapping[str, Any] = MappingProxyType({}),
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
        sampling: Options that only sampling reads, in the place of the cell's own.
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
    cell = record.cell.drawn_with(drawn_options(spec, record.cell, sampling))
    folder = Store(results).training_of(record.cell, record.training)
    if not record.finished:
        raise ConfigError(f"{record.cell.id} has not finished ({record.status}): run it again first")
    refuse_without_checkpoint(record.cell, folder, spec)
    if best:
        _refuse_without_best(folder, record)
    data = recorded_data(record, registry, same=not spec.trained, report=report)
    _refuse_too_many(n, spec, data)
    with undisturbed():
        source = restore(cell, folder, spec, data, torch.device(device), best=best)
        labels = _labels(classes, n, seed, source)
        with source.applied() as model:
            samples = source.sampler(model).draw(
                n, seed=seed, labels=labels, on_progress=lambda done: report(done, n, "samples")
            )
    return Drawn(samples, labels, tuple(data.class_names), data.shape.modality, data.units)


def _refuse_without_best(folder: TrainingFolder, record: Record) -> None:
    if not folder.best_checkpoint.is_file():
        raise ConfigError(
            f"{record.cell.id} keeps no best checkpoint: that takes a run with --score-every and --keep checkpoints; "
            "do it again so with --fresh, or leave out --checkpoint best"
        )


def _refuse_too_many(n: int, spec: ModelSpec, data: PreparedData) -> None:
    held_out = len(data.samples("test"))
    if spec.finite and n > held_out:
        raise ConfigError(f"{spec.name} can give no more than the {held_out:,} held-out samples of the data, not {n:,}")


def _labels(classes: Sequence[str], n: int, seed: int, source: SampleSource) -> NDArray[np.int64] | None:
    drawn = source.labels(n, seed)
    if not classes:
        return drawn
    if drawn is None:
        raise ConfigError(f"{source.spec.name} does not make the classes that are asked for: leave --labels out")
    chosen = np.array([_class_index(word, source.data) for word in classes], np.int64)
    return np.resize(chosen, n)


def _class_index(word: str, data: PreparedData) -> int:
    names = tuple(data.class_names)
    if word in names:
        return names.index(word)
    if word.isdecimal() and int(word) < data.shape.classes:
        return int(word)
    known = names or tuple(map(str, range(data.shape.classes)))
    raise ConfigError(f"{data.name} has no class {word!r}{did_you_mean(word, known)}")
