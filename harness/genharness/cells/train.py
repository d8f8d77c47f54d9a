"""The training of one cell's model: built, resumed, trained, checkpointed."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from genharness.cells.costs import training_length
from genharness.cells.workplace import Workplace
from genharness.data import PreparedData
from genharness.engine.average import WeightAverage
from genharness.engine.build import build_model
from genharness.engine.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, taking_up
from genharness.engine.costs.footprint import parameters
from genharness.engine.costs.guarded import guarded
from genharness.engine.costs.ledger import Ledger
from genharness.engine.feed import Feeder
from genharness.engine.held_out import HeldOutLosses
from genharness.engine.loop import Progress, Trainer
from genharness.engine.random_state import load_random_state, random_state, seed_everything, undisturbed
from genharness.engine.source import SampleSource
from genharness.engine.start import start_from_data
from genharness.engine.warm_up import needs_warm_up, warm_up
from genharness.files.atomic import replace_file
from genharness.kit.model import FitsData
from genharness.kit.start import StartsFromData
from genharness.plugin.blame import is_the_users
from genharness.results.best_point import best_point
from genharness.spec.cell import Cell
from genharness.spec.history import History
from genharness.spec.length import parse_length
from genharness.spec.plugins import MetricSpec, ModelSpec
from genharness.spec.protocol import short_hash

__all__ = ["Periodic", "Trained", "TrainingEndedError", "new_source", "train"]

STRIP = 8
"""Samples in a row of the strip over training, and about how many rows it has."""

_LAST = math.nextafter(1.0, 0.0)
"""Share of training at which its last losses are looked at: models are promised less than 1."""

_UNFITTED = (
    "scores over training are of the sampler before it is fitted to the data, so no best checkpoint is chosen by them"
)


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model after its training, and what that left.

    Attributes:
        source: Where samples are drawn from.
        history: Curves over training.
        strip: Rows of samples of one seed, drawn as training went on.
        measurements: What training cost.
        caveats: What readers of the curves should know.
        uncounted: Why energy was not counted, by `cpu` and `gpu`.
        earlier_seconds: Seconds that earlier attempts took, at this cell or at others that share its training.
    """

    source: SampleSource
    history: History
    strip: tuple[NDArray[np.uint8], ...]
    measurements: Mapping[str, float]
    caveats: Sequence[str]
    uncounted: Mapping[str, str]
    earlier_seconds: float


class TrainingEndedError(Exception):
    """Training ended before its length: by a stop, a divergence or an error, which is the cause.

    Attributes:
        history: The curves up to there.
        earlier_seconds: Seconds that earlier attempts at the cell took.
    """

    def __init__(self, history: History, earlier_seconds: float) -> None:
        super().__init__("training ended before its length")
        self.history, self.earlier_seconds = history, earlier_seconds


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """Scoring over training.

    Attributes:
        metrics: The metrics that are asked; the first column with a better end chooses the best checkpoint.
        score: Returns their numbers, and `samples`, for the model at a step.
    """

    metrics: Sequence[MetricSpec]
    score: Callable[[SampleSource, int], Mapping[str, float | None]]


def new_source(cell: Cell, spec: ModelSpec, data: PreparedData, device: torch.device) -> SampleSource:
    """Return a cell's model as it is before training, with every random state seeded.

    Raises:
        PluginError: If its plugin gives no model.
    """
    seed_everything(cell.seed)
    model = build_model(spec, cell.every_option, data.shape, device, compiled=cell.compiled)
    average = WeightAverage(model, cell.ema)
    spec = spec.configured(cell.every_option)
    return SampleSource(spec=spec, model=model, average=average, data=data, precision=cell.precision)


def train(workplace: Workplace, spec: ModelSpec, data: PreparedData, periodic: Periodic) -> Trained:
    """Train a cell's model to the end of its budget, from its checkpoint where there is one; the lock is held.

    Args:
        workplace: The cell.
        spec: Its model's plugin.
        data: What it is trained on.
        periodic: How it is scored over training.

    Returns:
        The model, ready to be sampled.

    Raises:
        UnreadableCheckpointError: If the checkpoint cannot be used.
        TrainingEndedError: If training ended before its length; its cause says why.
    """
    training = _Training(workplace, spec, data, periodic)
    training.resume()
    try:
        training.finish()
    except BaseException as error:  # a model may raise anything
        if is_the_users(error):
            raise
        raise TrainingEndedError(training.trainer.history, training.earlier_seconds) from error
    finally:
        training.trainer.feeder.close()
    return training.trained()


class _Training:
    """A model on its way through training."""

    def __init__(self, workplace: Workplace, spec: ModelSpec, data: PreparedData, periodic: Periodic) -> None:
        self.workplace, self.data, self.periodic = workplace, data, periodic
        cell = workplace.cell
        self.source = new_source(cell, spec, data, workplace.device)
        length = training_length(self.source, cell)
        self.trains = length.amount > 0
        self.strip: list[NDArray[np.uint8]] = []
        self.ledger = Ledger(workplace.device)
        self.finished = False
        self.earlier_seconds = 0.0
        self._last_seen = time.monotonic()
        self._fraction = 0.0
        most = workplace.settings.score_samples
        self.held_out = HeldOutLosses(data, cell.batch_size, most=most, seed=cell.protocol.seed)
        self.trainer = Trainer(
            model=self.source.model,
            feeder=self._feeder(),
            average=self.source.average,
            length=length,
            precision=cell.precision,
            clock=self.ledger.clock,
            score_steps=self._score_steps(),
            energy=self.ledger.energy,
        )

    def resume(self) -> None:
        """Take up the training's checkpoint, if there is one."""
        workplace = self.workplace
        path = workplace.training.checkpoint
        found = load_checkpoint(path, workplace.cell.training_id, workplace.cell.id)
        if found is None or not self.trains:
            return
        with taking_up(path):
            self._take_up(found)
        if not self.finished:
            self._keep_best()  # a kill may have come between the two
        if found.training_id != workplace.cell.training_id:  # from before several cells could share one
            self._save()

    def _take_up(self, found: Checkpoint) -> None:
        found.restore(self.source.model, self.source.average)
        load_random_state(found.random)
        self.ledger = Ledger(self.workplace.device, found.costs)
        self.trainer.step, self.trainer.clock, self.trainer.energy = found.step, self.ledger.clock, self.ledger.energy
        self.trainer.history = History.from_plain(found.progress["history"])
        self.strip = [picture.numpy() for picture in found.progress["strip"]]
        if found.progress.get("scored_as", self._scored_as) != self._scored_as:  # by another cell of this training
            self.trainer.history.scores, self.trainer.history.best = {"step": []}, None
            self.trainer.history.seconds = []
        self.finished, self.earlier_seconds = found.finished, found.cell_seconds

    def finish(self) -> None:
        """Train to the end of the budget, and look at the whole data where the model wants that."""
        if not self.finished:
            self.workplace.news("train", fraction=0.0)
            self._start_from_data()
            self._warm_up()
            self.trainer.train(
                on_progress=self._report,
                on_pause=self._save,
                on_score=self._score,
                should_stop=self.workplace.should_stop,
                checkpoint_seconds=self.workplace.settings.checkpoint_seconds,
            )
            self._fit_data()
            self.finished = True
            if self.trains:
                self._save()
        if self.trains and not self.workplace.training.finished:
            self._note_finished()

    def _note_finished(self) -> None:
        folder = self.workplace.training
        try:
            folder.note(finished=True, begun_by=folder.begun_by)
        except OSError:  # a full disk: the checkpoint says so too
            return

    def _start_from_data(self) -> None:
        source = self.source
        if self.trains and self.trainer.step == 0 and isinstance(source.model, StartsFromData):
            self.workplace.news("train", text="looking at the whole data")
            with self.trainer.clock.running():
                start_from_data(source.model, source.average, self.data)

    def _warm_up(self) -> None:
        cell, source = self.workplace.cell, self.source
        if self.trains and needs_warm_up(self.workplace.device, compiled=cell.compiled):
            self.workplace.news("train", text="choosing and compiling kernels")
            with self.ledger.aside("warm_up_seconds"):
                warm_up(source.model.train(), self.trainer.feeder, source.average, cell.precision)

    def trained(self) -> Trained:
        """Return what training left."""
        return Trained(
            source=self.source,
            history=self.trainer.history,
            strip=tuple(self.strip),
            measurements=self._measurements(),
            caveats=self._unfitted(),
            uncounted=self.ledger.uncounted,
            earlier_seconds=self.earlier_seconds,
        )

    def _unfitted(self) -> list[str]:
        """Say where scores over training are of another sampler than the scores of the record."""
        scored = bool(self.trainer.history.scores["step"])
        return [_UNFITTED] if scored and isinstance(self.source.model, FitsData) else []

    def _measurements(self) -> dict[str, float]:
        measured = {**self._costs(), **parameters(self.source.model)}
        if self.trainer.step:
            measured["checkpoint_bytes"] = float(self.workplace.training.checkpoint.stat().st_size)
        return measured

    @property
    def _scored_as(self) -> str:
        """What tells scores over training apart: cells of one training may draw and measure otherwise."""
        cell = self.workplace.cell
        return short_hash([cell.sampling, cell.protocol.identity])

    def _costs(self) -> dict[str, float]:
        """Return what training cost up to now."""
        trainer, costs = self.trainer, self.ledger.measurements()
        costs |= {"train_steps": float(trainer.step), "dataset_mib": trainer.feeder.resident_bytes / 2**20}
        if trainer.step:
            samples = trainer.step * trainer.feeder.batch_size
            costs["train_images_per_second"] = samples / max(trainer.clock.seconds, 1e-9)
        if trainer.steady_images_per_second is not None:
            costs["steady_images_per_second"] = trainer.steady_images_per_second
        return costs

    def _save(self) -> None:
        save_checkpoint(
            self.workplace.training.checkpoint,
            Checkpoint(
                training_id=self.workplace.cell.training_id,
                step=self.trainer.step,
                costs=self._costs(),
                cell_seconds=self.earlier_seconds + self.workplace.seconds,
                finished=self.finished,
                model=self.source.model.state_dict(),
                training=self.source.model.training_state(),
                average=self.source.average.state(),
                random=random_state(),
                progress={
                    "history": self.trainer.history.as_plain(),
                    "strip": [torch.from_numpy(picture) for picture in self.strip],
                    "scored_as": self._scored_as,
                },
            ),
        )

    def _score(self) -> None:
        """Add a point to the score curves; the best one so far keeps its checkpoint."""
        step, history = self.trainer.step, self.trainer.history
        with self.ledger.aside():
            history.add_scores(step, self.periodic.score(self.source, step), self.trainer.clock.seconds)
            history.add_held_out(step, self._held_out_losses())
        if isinstance(self.source.model, FitsData):  # another sampler will be scored in the end
            return
        history.best = best_point(history.scores, self.periodic.metrics)
        if self._stands_at_best:
            self._save()
            self._keep_best()

    def _held_out_losses(self) -> dict[str, float | None]:
        source = self.source
        self.workplace.news("score-over-training", step=self.trainer.step, text="held-out losses")
        return self.held_out.losses(source.model, source.average, source.precision, self._fraction)

    @property
    def _stands_at_best(self) -> bool:
        best = self.trainer.history.best
        return best is not None and best.step == self.trainer.step

    def _keep_best(self) -> None:
        if self._stands_at_best:
            with replace_file(self.workplace.training.best_checkpoint) as temporary:
                shutil.copyfile(self.workplace.training.checkpoint, temporary)

    def _fit_data(self) -> None:
        model = self.source.model
        if isinstance(model, FitsData):
            self.workplace.news("train", text="fitting to the whole data")
            with self.source.applied(), self.trainer.clock.running(), guarded(f"{type(model).__name__}.fit"):
                model.fit(self.data)

    def _feeder(self) -> Feeder:
        cell = self.workplace.cell
        return Feeder(
            self.data,
            cell.batch_size if self.trains else 1,
            seed=cell.seed,
            device=self.workplace.device,
            mirror=cell.mirror,
            balanced=cell.balanced,
            resident=None if self.trains else False,
        )

    def _score_steps(self) -> int:
        every = self.workplace.settings.score_every
        if not (every and self.trains):
            return 0
        return parse_length(every).steps(self.data.shape.train_count, self.workplace.cell.batch_size) or 0

    def _report(self, progress: Progress) -> None:
        self._fraction = min(progress.fraction, _LAST)
        if self.data.shape.modality == "image" and progress.fraction >= len(self.strip) / STRIP:
            self._add_to_strip()
        now = time.monotonic()
        if now - self._last_seen < 0.2 and progress.fraction < 1:
            return
        self._last_seen = now
        self.workplace.news(
            "train",
            fraction=progress.fraction,
            images_per_second=progress.images_per_second,
            eta_seconds=progress.eta_seconds,
            step=progress.step,
            values=progress.losses,
        )

    def _add_to_strip(self) -> None:
        """Keep a few samples of one seed, so that a picture can show them growing."""
        seed, labels = self.workplace.cell.protocol.seed, self.source.labels(STRIP, 0)
        try:
            with undisturbed(), self.source.applied() as model:
                drawn = self.source.sampler(model).draw(STRIP, seed=seed, labels=labels)
        except NotImplementedError:  # a model may be unable to sample before `fit`
            drawn = np.zeros((STRIP, *self.data.shape.shape), np.uint8)
        self.strip.append(drawn)
