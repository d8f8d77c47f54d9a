"""The fitting of one cell's model: built, resumed, trained, checkpointed."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from genharness.data import PreparedData
from genharness.engine.average import WeightAverage
from genharness.engine.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from genharness.engine.clock import Clock
from genharness.engine.costs import attempted, flops, parameters, peak_memory, reset_peak
from genharness.engine.feed import Feeder
from genharness.engine.loop import History, Progress, Trainer
from genharness.engine.random_state import load_random_state, random_state, seed_everything, undisturbed
from genharness.engine.sampler import Sampler, class_shares, draw_labels
from genharness.errors import PluginError
from genharness.files.atomic import replace_file
from genharness.kit.model import FitsData, GenerativeModel
from genharness.plugin.registry import Registry, load_factory
from genharness.results.best_point import best_point
from genharness.spec.length import parse_length
from genharness.spec.options import build_config

if TYPE_CHECKING:
    from genharness.run.cell import CellRun
    from genharness.run.score import CellScoring

__all__ = ["BEST", "CHECKPOINT", "Fitting", "build_model"]

CHECKPOINT = "checkpoint.pt"
BEST = "best.pt"
"""The checkpoint at the best score over training, as it was then."""

STRIP = 8
"""Samples in a row of the strip over training, and about how many rows it has."""


def build_model(registry: Registry, cell: Any, data: PreparedData, device: torch.device) -> GenerativeModel:
    """Return the model of a cell on its device, in channels-last memory for images.

    Raises:
        PluginError: If its factory gives something else.
    """
    spec = registry.models.find(cell.model)
    factory = load_factory(spec)
    with torch.device(device):
        model = factory(data.shape, build_config(spec.name, spec.config, cell.options))
    if not isinstance(model, GenerativeModel):
        raise PluginError(f"model {spec.name} is a {type(model).__name__}: it must be a genharness.kit.GenerativeModel")
    if data.shape.modality == "image":
        model.to(memory_format=torch.channels_last)
    if cell.compiled:
        for child in model.children():
            child.compile()
    return model


class Fitting:
    """A model on its way through training.

    Args:
        run: The cell.
        registry: Where the model's plugin is.
        data: What it is trained on.

    Attributes:
        model: The model.
        average: The weights that samples come from.
        trainer: The loop.
    """

    def __init__(self, run: CellRun, registry: Registry, data: PreparedData) -> None:
        self.run, self.data = run, data
        cell = run.cell
        self.spec = registry.models.find(cell.model)
        self.periodic = [spec for spec in registry.metrics.values() if spec.periodic]
        self.length = parse_length(cell.length)
        seed_everything(cell.seed)
        self.model = build_model(registry, cell, data, run.device)
        self.average = WeightAverage(self.model, cell.ema)
        self.strip: list[NDArray[Any]] = []
        self.peaks: dict[str, float] = {}
        self.finished = False
        self._last_seen = time.monotonic()
        self.trainer = Trainer(
            model=self.model,
            feeder=self._feeder(),
            average=self.average,
            length=self.length,
            precision=cell.precision,
            clock=Clock(run.device),
            score_steps=self._score_steps(),
        )

    @property
    def checkpoint_path(self) -> Any:
        """Where the state is kept."""
        return self.run.folder / CHECKPOINT

    @property
    def trains(self) -> bool:
        """Whether any step is taken."""
        return self.length.amount > 0

    def labels(self, n: int, seed: int) -> NDArray[np.int64] | None:
        """Return classes to ask for, in the training split's shares; None for an unconditional model."""
        labels = self.data.labels("train")
        if not self.spec.can("conditions") or labels is None:
            return None
        return draw_labels(n, class_shares(labels, self.data.shape.classes), seed)

    def sampler(self, model: GenerativeModel) -> Sampler:
        """Return a sampler of the model."""
        return Sampler(model, self.spec.name, self.run.cell.precision)

    def resume(self, name: str = CHECKPOINT) -> None:
        """Take up a checkpoint of the cell, the last one or `BEST`, if there is one.

        Raises:
            UnreadableCheckpointError: If it cannot be used.
        """
        path = self.run.folder / name
        checkpoint = load_checkpoint(path, self.run.cell.id, self.run.device) if self.trains else None
        if checkpoint is None:
            return
        self.model.load_state_dict(checkpoint.model)
        self.model.load_training_state(checkpoint.training)
        self.average.load(checkpoint.average)
        load_random_state(checkpoint.random)
        self.trainer.step = checkpoint.step
        self.trainer.clock.seconds = checkpoint.train_seconds
        self.trainer.history = History(**checkpoint.progress["history"])
        self.strip = [picture.numpy() for picture in checkpoint.progress["strip"]]
        self.peaks = dict(checkpoint.progress["peaks"])
        self.finished = checkpoint.finished
        self.run.earlier_seconds = checkpoint.cell_seconds
        if name == CHECKPOINT and not self.finished:
            self._keep_best()  # a kill may have come between the two

    def save(self) -> None:
        """Write a checkpoint."""
        self._note_peaks()
        save_checkpoint(
            self.checkpoint_path,
            Checkpoint(
                cell_id=self.run.cell.id,
                step=self.trainer.step,
                train_seconds=self.trainer.clock.seconds,
                cell_seconds=self.run.cell_seconds,
                finished=self.finished,
                model=self.model.state_dict(),
                training=self.model.training_state(),
                average=self.average.state(),
                random=random_state(),
                progress={
                    "history": vars(self.trainer.history),
                    "strip": [torch.from_numpy(picture) for picture in self.strip],
                    "peaks": self.peaks,
                },
            ),
        )

    def _score(self, scoring: CellScoring) -> None:
        """Add a point to the score curves; the best one so far keeps its checkpoint."""
        scoring.score_over_training(self)
        if self._stands_at_best:
            self.save()
            self._keep_best()

    @property
    def best(self) -> dict[str, Any] | None:
        """Column, step and value of the best score over training so far."""
        return best_point(self.trainer.history.scores, self.periodic)

    @property
    def _stands_at_best(self) -> bool:
        best = self.best
        return best is not None and best["step"] == self.trainer.step

    def _keep_best(self) -> None:
        if self._stands_at_best:
            with replace_file(self.run.folder / BEST) as temporary:
                shutil.copyfile(self.checkpoint_path, temporary)

    def train(self, scoring: CellScoring) -> None:
        """Train to the end of the budget and look at the whole data where the model wants that."""
        if not self.finished:
            reset_peak(self.run.device)
            self.run.emit("train", fraction=0.0)
            self.run.record.history = vars(self.trainer.history)  # also of a training that fails
            self.trainer.train(
                on_progress=self._report,
                on_pause=self.save,
                on_score=lambda: self._score(scoring),
                should_stop=self.run.should_stop,
                checkpoint_seconds=self.run.settings.checkpoint_seconds,
            )
            self._fit_data()
            self.finished = True
            self._note_peaks()
            if self.trains:
                self.save()
        self.trainer.feeder.close()
        self._record()

    def complete(self) -> None:
        """Make the model ready to sample as it stands, without a training step and without writing anything."""
        if not self.finished:
            self._fit_data()
        self.trainer.feeder.close()

    def _fit_data(self) -> None:
        if isinstance(self.model, FitsData):
            self.run.emit("train", text="fitting to the whole data")
            with self.average.applied(), self.trainer.clock.running():
                self.model.fit(self.data)

    def _feeder(self) -> Feeder:
        cell = self.run.cell
        return Feeder(
            self.data,
            cell.batch_size if self.trains else 1,
            seed=cell.seed,
            device=self.run.device,
            mirror=cell.mirror,
            balanced=cell.balanced,
            resident=None if self.trains else False,
        )

    def _score_steps(self) -> int:
        if not (self.run.settings.score_every and self.trains):
            return 0
        every = parse_length(self.run.settings.score_every)
        return every.steps(self.data.shape.train_count, self.run.cell.batch_size) or 0

    def _report(self, progress: Progress) -> None:
        if self.data.shape.modality == "image" and progress.fraction >= len(self.strip) / STRIP:
            self._add_to_strip()
        now = time.monotonic()
        if now - self._last_seen < 0.2 and progress.fraction < 1:
            return
        self._last_seen = now
        self.run.emit(
            "train",
            fraction=progress.fraction,
            images_per_second=progress.images_per_second,
            eta_seconds=progress.eta_seconds,
            step=progress.step,
            values=progress.losses,
        )

    def _add_to_strip(self) -> None:
        """Keep a few samples of one seed, so that a picture can show them growing."""
        try:
            with undisturbed(), self.average.applied() as model:
                drawn = self.sampler(model).draw(STRIP, seed=self.run.cell.protocol.seed, labels=self.labels(STRIP, 0))
        except NotImplementedError:  # a model may be unable to sample before `fit`
            drawn = np.zeros((STRIP, *self.data.shape.shape), np.uint8)
        self.strip.append(drawn)

    def _note_peaks(self) -> None:
        for name, value in peak_memory(self.run.device).items():
            self.peaks[name] = max(value, self.peaks.get(name, 0.0))

    def _record(self) -> None:
        trainer, record = self.trainer, self.run.record
        samples = trainer.step * self.run.cell.batch_size
        record.measurements |= {"train_seconds": trainer.clock.seconds, "train_steps": float(trainer.step)}
        record.measurements |= parameters(self.model) | self.peaks
        if samples:
            record.measurements["train_images_per_second"] = samples / max(trainer.clock.seconds, 1e-9)
            record.measurements["checkpoint_bytes"] = float(self.checkpoint_path.stat().st_size)
            record.artefacts["checkpoint"] = CHECKPOINT
        record.history = dict(vars(trainer.history))
        if self.best is not None:
            record.history["best"] = self.best
            record.artefacts["best_checkpoint"] = BEST

    def count_flops(self) -> None:
        """Count operations, on copies, and leave no trace in the random states."""
        labels = self.labels(1, 0)
        device_labels = None if labels is None else torch.from_numpy(labels).to(self.run.device)
        feeder = self.trainer.feeder if self.trains else None
        record = self.run.record
        with undisturbed(), self.average.applied() as model:
            record.measurements |= attempted("operations", lambda: flops(model, feeder, device_labels), record.notes)
        self.trainer.feeder.close()
