"""The training loop: the only timed code. The model owns a step; everything around it is here."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from genharness.engine.average import WeightAverage
from genharness.engine.costs.clock import Clock
from genharness.engine.costs.energy import EnergyMeter
from genharness.engine.feed import Feeder
from genharness.engine.manners import SharedState, refuse_unsaveable
from genharness.errors import RunError, shown
from genharness.kit.model import Batch, GenerativeModel
from genharness.kit.precision import autocast
from genharness.spec.history import History, TrainingEvent
from genharness.spec.length import Length

__all__ = ["DivergedError", "Progress", "StopRequestedError", "Trainer"]

_POINTS = 200
"""How many points of a loss curve a record keeps, about."""

_LONGEST = 50
"""Steps between two points at most: a stop is asked for after each."""


class DivergedError(Exception):
    """A loss became NaN or infinite."""


class StopRequestedError(Exception):
    """Training was asked to stop; its state is saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where training stands."""

    step: int
    fraction: float
    images_per_second: float
    eta_seconds: float
    losses: Mapping[str, float]


@dataclass
class Trainer:
    """Trains a model for a length.

    Attributes:
        model: What is trained, on its device.
        feeder: Where batches come from.
        average: Weight average that follows the steps.
        length: How long.
        precision: `fp32`, `tf32` or `bf16`.
        score_steps: Steps between scorings over training, 0 for none.
        step: Steps taken.
        clock: Training seconds.
        history: Curves.
        energy: Counts what training takes, as the clock counts its seconds.
    """

    model: GenerativeModel
    feeder: Feeder
    average: WeightAverage
    length: Length
    precision: str
    clock: Clock
    score_steps: int = 0
    step: int = 0
    history: History = field(default_factory=History)
    energy: EnergyMeter = field(default_factory=lambda: EnergyMeter([]))
    _step_seconds: float = math.inf  # as the last interval measured it
    _rates: list[float] = field(default_factory=list)  # images per second of every interval
    _shared: SharedState = field(default_factory=SharedState.now)
    _names: list[str] = field(default_factory=list)  # of the losses, as the first step gave them
    _first: bool = True

    @property
    def total_steps(self) -> int | None:
        """Steps of the whole training, or None where the clock decides."""
        return self.length.steps(self.feeder.count, self.feeder.batch_size)

    @property
    def done(self) -> bool:
        """Whether the length is reached."""
        if self.total_steps is None:
            return self.clock.seconds >= self.length.amount
        return self.step >= self.total_steps

    def train(
        self,
        *,
        on_progress: Callable[[Progress], None],
        on_pause: Callable[[], None],
        on_score: Callable[[], None],
        should_stop: Callable[[], bool],
        checkpoint_seconds: float,
    ) -> None:
        """Train until the length is reached.

        Args:
            on_progress: Told where training stands, after every interval of the loss curves.
            on_pause: Called, off the clock, when a checkpoint is due and before stopping.
            on_score: Called, off the clock, when a scoring over training is due.
            should_stop: Asked after every interval.
            checkpoint_seconds: Seconds between checkpoints.

        Raises:
            DivergedError: If a loss is NaN or infinite.
            StopRequestedError: If `should_stop` said so.
        """
        self.model.train()
        self._shared = SharedState.now()
        self._first = True
        self._names = [name for name in self.history.losses if name != "step"]
        self.energy.start()
        try:
            self._train(on_progress, self._aside(on_pause), self._aside(on_score), should_stop, checkpoint_seconds)
        finally:
            self.energy.pause()

    def _aside(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Return a callback during which no energy is counted."""

        def called() -> None:
            self.energy.pause()
            callback()
            self.energy.start()

        return called

    def _train(
        self,
        on_progress: Callable[[Progress], None],
        on_pause: Callable[[], None],
        on_score: Callable[[], None],
        should_stop: Callable[[], bool],
        checkpoint_seconds: float,
    ) -> None:
        saved = time.monotonic()
        while not self.done:
            losses = self._timed_interval()
            values = _fetch(losses)
            self._mind_manners()
            self.history.add_losses(self.step, values)
            self._refuse_divergence(values)
            on_progress(self._progress(values))
            if self.score_steps and self.step % self.score_steps == 0:
                on_score()
            if should_stop():
                on_pause()
                raise StopRequestedError
            if not self.done and time.monotonic() - saved >= checkpoint_seconds:
                on_pause()
                saved = time.monotonic()

    def _mind_manners(self) -> None:
        """Refuse a model that changed what the process shares, or whose state could not be kept."""
        name = type(self.model).__name__
        self._shared.refuse_change(f"{name}'s training_step")
        if self._first:
            refuse_unsaveable(self.model.training_state(), name)
            self._first = False

    def _timed_interval(self) -> dict[str, Tensor]:
        step, seconds = self.step, self.clock.seconds
        with self.clock.running():
            losses = self._interval(self._next_stop())
        self._step_seconds = (self.clock.seconds - seconds) / (self.step - step)
        self._rates.append(self.feeder.batch_size / max(self._step_seconds, 1e-9))
        return losses

    @property
    def steady_images_per_second(self) -> float | None:
        """Median over the intervals of this attempt but the first, in which much happens for once; None without any."""
        return statistics.median(self._rates[1:]) if len(self._rates) > 1 else None

    def _next_stop(self) -> int:
        """Return the step at which losses are read next; unless seconds count, the same however often resumed."""
        total = self.total_steps
        if total is None:
            stops = [self.step + self._steps_within_budget()]
        else:
            interval = max(1, min(_LONGEST, total // _POINTS))
            stops = [self.step - self.step % interval + interval, total]
        if self.score_steps:
            stops.append(self.step - self.step % self.score_steps + self.score_steps)
        return min(stops)

    def _steps_within_budget(self) -> int:
        """Return how many steps to take before the clock is looked at again.

        Half of what seems to be left, so that the steps at the end are single ones: a step may take longer than the
        last did, as where a generator is trained in one step of five.
        """
        budget = self.length.amount
        seconds = min((budget - self.clock.seconds) / 2, budget / _POINTS)
        return max(1, min(_LONGEST, int(seconds / max(self._step_seconds, 1e-9))))

    def _interval(self, end: int) -> dict[str, Tensor]:
        """Take steps up to `end` and return the mean of every loss, on the device."""
        totals: Tensor | None = None
        start = self.step
        while self.step < end:
            samples, labels = self.feeder.batch(self.step)
            with autocast(samples.device, self.precision):
                losses = self.model.training_step(Batch(samples, labels, self.step, self._fraction))
            self.average.update()
            self.step += 1
            values = _stacked(losses, self._names)
            totals = values if totals is None else totals + values
        assert totals is not None
        return dict(zip(self._names, totals / (end - start), strict=True))

    @property
    def _fraction(self) -> float:
        total = self.total_steps
        done = self.clock.seconds / self.length.amount if total is None else self.step / total
        return min(done, 1.0)

    def _progress(self, losses: Mapping[str, float]) -> Progress:
        rate = self.step * self.feeder.batch_size / max(self.clock.seconds, 1e-9)
        fraction = self._fraction
        eta = self.clock.seconds * (1 - fraction) / max(fraction, 1e-9)
        return Progress(step=self.step, fraction=fraction, images_per_second=rate, eta_seconds=eta, losses=losses)

    def _refuse_divergence(self, values: Mapping[str, float]) -> None:
        broken = [name for name, value in values.items() if not math.isfinite(value)]
        if broken:
            event: TrainingEvent = {"step": self.step, "event": "diverged", "losses": broken}
            self.history.events.append(event)
            raise DivergedError(f"{broken[0]} is {values[broken[0]]} at step {self.step}")


def _stacked(losses: Mapping[str, Tensor], names: list[str]) -> Tensor:
    """Return losses in the order of their names; where there are none yet, those of these losses become them."""
    if not isinstance(losses, Mapping) or not losses:
        raise RunError(f"training_step returned {type(losses).__name__}: it must return a mapping of named losses")
    if list(losses) != names:
        losses = _in_order(losses, names)
    if strange := next((name for name, value in losses.items() if torch.is_tensor(value) and value.is_complex()), None):
        raise RunError(f"training_step returned a complex {strange!r}: a loss must be a real number")
    try:
        return torch.stack([value.detach().float().reshape(()) for value in losses.values()])
    except (AttributeError, RuntimeError) as error:
        raise RunError(f"training_step must return scalar tensors by name ({error})") from error


def _in_order(losses: Mapping[str, Tensor], names: list[str]) -> Mapping[str, Tensor]:
    """Return losses in the order in which the first step gave them.

    Raises:
        RunError: If they have other names than then, or one that no curve can have.
    """
    odd = [name for name in losses if not isinstance(name, str) or name == "step"]
    if odd:
        raise RunError(f"training_step named a loss {shown(repr(odd[0]))}: a name must be text, and not 'step'")
    if not names:
        names.extend(losses)
    if losses.keys() != set(names):
        now, before = (shown(", ".join(some), 200) for some in (losses, names))
        raise RunError(
            f"training_step named its losses {now}, and before {before}: name the same ones at each step "
            "(the last value where one is not due)"
        )
    return {name: losses[name] for name in names}


def _fetch(losses: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the losses as numbers: one transfer for all of them."""
    return dict(zip(losses, torch.stack(list(losses.values())).tolist(), strict=True))
