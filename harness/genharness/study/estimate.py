"""How long a cell will take: from earlier records, else from what the recipes say of two cores. Torch-free.

A step is made of calls of kernels, each of which takes some time however little it does, and of operations. One record
tells how long its step took and not which part was which; so both steps are counted, and the time goes in the
proportion that the counts have on a usual machine. Where they cannot be counted it goes as recipes, pixels and batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from genharness.plugin.registry import Registry
from genharness.spec.cell import Cell
from genharness.spec.dataset_name import DatasetReference, parse_reference
from genharness.spec.length import Length, parse_length
from genharness.spec.plugins import DatasetSpec
from genharness.spec.record import Record

__all__ = ["Estimator", "StepWork"]

_OVERHEAD_SECONDS = 6.0
"""Starting, sampling, timing and scoring of a small model, measured on two cores with the digits."""

_CPU_RATE, _GPU_RATE = 5e10, 1e13
"""Operations a second in large steps, of a CPU thread and of a GPU."""

_CALL_SECONDS = 1.3e-5
"""A call of a kernel that has next to nothing to do, on a CPU; those of unfused optimisers are counted.

It and the rate were chosen so that published records of one model, of several sizes, batches and options, tell each
other's steps (`results/digits-zoo`, `results/mnist`): a fit to them, and no measurement of any machine.
"""

_DRAWN = 512
"""Samples in a batch that is drawn."""

_TIMED = 8
"""Samples in a batch that is timed, between the one of a latency and the largest of throughput."""

_TIMING_SECONDS = 40.0
"""Timing latency and throughput stops after so long, however heavy a sample is."""

_MOST_ONCE_SECONDS = 3.0
"""What a training takes beyond its steady steps is taken to come once, in its first steps, up to this; the rest of it
comes again and again, as a penalty that is due in one step of sixteen."""

_LEAST_OF_A_STEP = 0.4
"""What a step of the smallest images takes of one at 28x28: from 0.1 to 1 in `results/digits-zoo`, the median 0.4."""

_ROW_STEP_SECONDS = 0.01
"""A step of any model on rows of a table, whose networks are small: 7 to 16 ms in `results/breast-cancer`."""


class StepWork(NamedTuple):
    """What a training step does.

    Attributes:
        flops: Operations for each sample of its batch.
        calls: Kernels that are called in a step, however large its batch.
    """

    flops: float
    calls: float

    def seconds(self, batch_size: int, rate: float) -> float:
        """Return what a step takes on a usual machine.

        Args:
            batch_size: Samples of the batch.
            rate: Operations a second of its device.
        """
        return self.calls * _CALL_SECONDS + self.flops * batch_size / rate


@dataclass(frozen=True)
class _Measured:
    """What one finished cell took.

    Attributes:
        cell: The cell.
        steps: Training steps: of two that are alike the longer training tells more.
        once_seconds: What training takes however long it is.
        step_seconds: Seconds of a training step beside that; 0 where none was taken.
        step_flops: Operations of a training step for each sample of its batch; 0 where they were not counted.
        rate: Operations a second that its device does in large steps.
        evaluate_seconds: Extracting features and scoring.
        draw_seconds: Drawing the samples that are scored, at its best batch size.
        timing_seconds: Timing latency and throughput.
        other_seconds: All else but training.
    """

    cell: Cell
    steps: float
    once_seconds: float
    step_seconds: float
    step_flops: float
    rate: float
    evaluate_seconds: float
    draw_seconds: float
    timing_seconds: float
    other_seconds: float

    def likeness(self, cell: Cell) -> tuple[bool, ...]:
        """Return what two cells have in common, that which matters most for the time of a step first."""
        mine = self.cell
        return (
            (mine.device, mine.precision, mine.compiled) == (cell.device, cell.precision, cell.compiled),
            mine.every_option == cell.every_option,
            mine.options == cell.options,
            mine.dataset == cell.dataset,
            mine.batch_size == cell.batch_size,
            mine.protocol.extractor == cell.protocol.extractor,
        )

    def same_network(self, cell: Cell) -> bool:
        """Whether a sample takes a cell the same operations."""
        mine = self.cell
        return (mine.options, mine.dataset) == (cell.options, cell.dataset)


@dataclass(frozen=True, slots=True)
class _Pair:
    """What steps of a record and of a cell do.

    Attributes:
        before: A step of the record.
        now: A step of the cell.
        rate_before: Operations a second of the record's device.
        rate_now: Of the cell's.
    """

    before: StepWork
    now: StepWork
    rate_before: float
    rate_now: float

    def heavier(self, before: int, now: int) -> float:
        """Return how many times as long a batch of `now` samples takes the cell as one of `before` took the record."""
        return self.now.seconds(now, self.rate_now) / self.before.seconds(before, self.rate_before)


class Estimator:
    """Estimates the seconds of cells.

    Args:
        registry: Recipes say what a step costs on two CPU cores at 28x28.
        records: Earlier ones, of any models.
        count: Returns what a cell's training step does, or None where that is not to be had; it is asked only where a
            record of the model has its own operations.
    """

    def __init__(
        self,
        registry: Registry,
        records: Iterable[Record] = (),
        count: Callable[[Cell], StepWork | None] = lambda cell: None,
    ) -> None:
        self._registry, self._count = registry, count
        self._own: dict[int, StepWork | None] = {}
        self._measured: dict[str, list[_Measured]] = {}
        for record in records:
            if record.finished and record.source == "trained" and "cell_seconds" in record.measurements:
                self._measured.setdefault(record.cell.model, []).append(_measured(record))

    def seconds(self, cell: Cell, *, trained: bool = False) -> float | None:
        """Return an estimate of the seconds that a cell takes, or None where nothing tells.

        A record of the same model gives the time of a step; where its options, sizes or batches are other ones, by the
        operations that they take, else in the proportion that recipes, pixels and batches have.

        Args:
            cell: The cell.
            trained: Whether its training is done, and only the scoring left.
        """
        known = max(self._measured.get(cell.model, []), key=lambda one: (one.likeness(cell), one.steps), default=None)
        pair = self._pair(known, cell)
        rest = _OVERHEAD_SECONDS if known is None else self._rest(known, cell, pair)
        length = parse_length(cell.length)
        if trained or not length.amount:
            return rest
        if length.unit == "s":
            return rest + length.amount
        step, steps = self._step_seconds(known, cell, pair), self._steps(length, known, cell)
        once = known.once_seconds if known and steps else 0.0
        return None if step is None or steps is None else rest + once + steps * step

    def _rest(self, known: _Measured, cell: Cell, pair: _Pair | None) -> float:
        """Return the seconds beside training: scoring goes with samples and their size, drawing as they are heavy."""
        samples = cell.protocol.sample_count / max(known.cell.protocol.sample_count, 1)
        heavier = pair.heavier(_DRAWN, _DRAWN) if pair else 1.0
        timing = known.timing_seconds * (pair.heavier(_TIMED, _TIMED) if pair else 1.0)
        timing = min(timing, max(known.timing_seconds, _TIMING_SECONDS))
        scoring = known.evaluate_seconds * self._larger(known, cell)
        return known.other_seconds + timing + (known.draw_seconds * heavier + scoring) * samples

    def _larger(self, known: _Measured, cell: Cell) -> float:
        """Return how many times as large a sample is to an extractor; those that resize make all alike."""
        before, now = (_side(*self._dataset(one)) for one in (known.cell, cell))
        resizes = self._registry.extractors.find(cell.protocol.extractor).resizes
        return 1.0 if resizes or not (before and now) else (now / before) ** 2

    def _steps(self, length: Length, known: _Measured | None, cell: Cell) -> int | None:
        """Return the steps of a length, as far as what is recorded and declared tells them."""
        if length.unit == "flops":
            each = self._operations(known, cell)
            return int(length.in_steps(each * cell.batch_size).amount) if each else None
        count = self._train_count(cell)
        return None if length.unit == "epochs" and not count else length.steps(count, cell.batch_size)

    def _step_seconds(self, known: _Measured | None, cell: Cell, pair: _Pair | None) -> float | None:
        expected = self._by_recipe(cell)
        if known is None or not known.step_seconds:
            return expected
        if pair is not None:
            return known.step_seconds * pair.heavier(known.cell.batch_size, cell.batch_size)
        before = self._by_recipe(known.cell)
        return known.step_seconds * (expected / before if expected and before else 1.0)

    def _pair(self, known: _Measured | None, cell: Cell) -> _Pair | None:
        """Return what steps of a record and of a cell do; None where it cannot be counted."""
        if known is None:
            return None
        same, at_home = known.same_network(cell), known.cell.device == cell.device
        if same and at_home and known.cell.batch_size == cell.batch_size:
            return _Pair(StepWork(0.0, 1.0), StepWork(0.0, 1.0), known.rate, known.rate)  # whatever it is
        rate = known.rate if at_home else _rate(cell.device)
        before = self._own_work(known)
        now = before if same or before is None else self._count(cell)
        return None if before is None or now is None else _Pair(before, now, known.rate, rate)

    def _own_work(self, known: _Measured) -> StepWork | None:
        if id(known) not in self._own:
            self._own[id(known)] = self._count(known.cell) if known.step_flops else None
        return self._own[id(known)]

    def _operations(self, known: _Measured | None, cell: Cell) -> float | None:
        """Return the operations of a step for each sample; None where neither a record nor counting tells them."""
        if known is not None and (not known.step_flops or known.same_network(cell)):
            return known.step_flops or None
        work = self._count(cell)
        return work.flops if work else None

    def _by_recipe(self, cell: Cell) -> float | None:
        """Return the seconds of a step as the cell's recipe has them, or None where it does not say."""
        recipes = self._registry.models.find(cell.model).recipes
        recipe = recipes.get(cell.budget) or recipes["standard"]
        reference, spec = self._dataset(cell)
        if spec.modality != "image":
            return _ROW_STEP_SECONDS if recipe.step_ms else None
        seconds = recipe.step_ms / 1000 * cell.batch_size / recipe.batch_size * _relative_size(reference, spec)
        return seconds or None

    def _train_count(self, cell: Cell) -> int:
        """Return the training samples as far as they are known before the data is prepared, else 0."""
        reference, spec = self._dataset(cell)
        count = spec.counts.get("train", 0)
        return min(count, reference.limit) if reference.limit else count

    def _dataset(self, cell: Cell) -> tuple[DatasetReference, DatasetSpec]:
        reference = parse_reference(cell.dataset)
        return reference, self._registry.datasets.find(reference.name)


def _measured(record: Record) -> _Measured:
    values = record.measurements
    steps, train = values.get("train_steps", 0.0), values.get("train_seconds", 0.0)
    evaluate = values.get("evaluate_seconds", 0.0)
    other = max(values["cell_seconds"] - train - evaluate, 0.0)
    speed = values.get("sample_images_per_second", 0.0)
    draw = min(record.cell.protocol.sample_count / speed, other) if speed > 0 else 0.0
    latencies = values.get("latency_p50_ms", 0.0) / 1000 * values.get("latency_calls", 0.0)
    timing = min(2 * latencies, other - draw)  # latency, and throughput for about as long
    threads = record.environment.get("threads")
    once = _once(train, steps, record)
    return _Measured(
        cell=record.cell,
        steps=steps,
        once_seconds=once,
        step_seconds=(train - once) / steps if steps else 0.0,
        step_flops=values.get("step_flops", 0.0),
        rate=_rate(record.cell.device, threads if isinstance(threads, int) else 1),
        evaluate_seconds=evaluate,
        draw_seconds=draw,
        timing_seconds=timing,
        other_seconds=other - draw - timing,
    )


def _once(train_seconds: float, steps: float, record: Record) -> float:
    """Return what a training took in its first steps beyond what such steps take."""
    steady = record.measurements.get("steady_images_per_second", 0.0)
    if not steady > 0:
        return 0.0
    beyond = train_seconds - steps * record.cell.batch_size / steady
    return min(max(beyond, 0.0), _MOST_ONCE_SECONDS)


def _rate(device: str, threads: int = 1) -> float:
    return _CPU_RATE * threads if device == "cpu" else _GPU_RATE


def _relative_size(reference: DatasetReference, spec: DatasetSpec) -> float:
    """Return the pixels of an image relative to 28x28; small ones still cost what a step costs at least."""
    return max((_side(reference, spec) or 28) ** 2 / 28**2, _LEAST_OF_A_STEP)


def _side(reference: DatasetReference, spec: DatasetSpec) -> int:
    """Return the side of an image as far as it is known before the data is prepared, else 0."""
    if spec.modality != "image":
        return 0
    return reference.size or (spec.shape[-1] if spec.shape else 0)
