"""How long a cell will take: from earlier records, else from what the recipes say of two cores. Torch-free.

A step takes some time however small it is, and more for its operations: where both are known of a record, and the
operations of the cell can be counted, its time follows them. Else it follows recipes, pixels and batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from genharness.plugin.registry import Registry
from genharness.spec.cell import Cell
from genharness.spec.dataset_name import DatasetReference, parse_reference
from genharness.spec.length import Length, parse_length
from genharness.spec.plugins import DatasetSpec
from genharness.spec.record import Record

__all__ = ["Estimator"]

_OVERHEAD_SECONDS = 6.0
"""Starting, sampling, timing and scoring of a small model, measured on two cores with the digits."""

_CPU_RATE, _GPU_RATE = 3e10, 1e13
"""Operations a second in large steps, of a CPU thread and of a GPU; what a step took beyond it takes at any size."""

_MOST_COUNTED = 0.9
"""Share of a step's time that is taken to go with its operations, at most."""

_LEAST_OF_A_STEP = 0.4
"""What a step of the smallest images takes of one at 28x28: from 0.1 to 1 in `results/digits-zoo`, the median 0.4."""

_ROW_STEP_SECONDS = 0.01
"""A step of any model on rows of a table, whose networks are small: 7 to 16 ms in `results/breast-cancer`."""


@dataclass(frozen=True)
class _Measured:
    """What one finished cell took.

    Attributes:
        cell: The cell.
        steps: Training steps: of two that are alike the longer training tells more, as first steps take longer.
        step_seconds: Seconds of a training step; 0 where none was taken.
        step_flops: Operations of a training step for each sample of its batch; 0 where they were not counted.
        rate: Operations a second that its device does in large steps.
        evaluate_seconds: Extracting features and scoring.
        draw_seconds: Drawing the samples that are scored, at its best batch size.
        other_seconds: All else but training.
    """

    cell: Cell
    steps: float
    step_seconds: float
    step_flops: float
    rate: float
    evaluate_seconds: float
    draw_seconds: float
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

    def at(self, flops: float) -> float:
        """Return the seconds of a step of so many operations."""
        own = self.step_flops * self.cell.batch_size
        counted = min(own / self.rate, _MOST_COUNTED * self.step_seconds)
        return self.step_seconds + counted * (flops / own - 1)


class Estimator:
    """Estimates the seconds of cells.

    Args:
        registry: Recipes say what a step costs on two CPU cores at 28x28.
        records: Earlier ones, of any models.
        count: Returns the operations of a cell's training step for each sample, or None where that is not to be had; it
            is asked only where a record of the model has its own.
    """

    def __init__(
        self, registry: Registry, records: Iterable[Record] = (), count: Callable[[Cell], float | None] | None = None
    ) -> None:
        self._registry, self._count = registry, count
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
        rest = _OVERHEAD_SECONDS if known is None else self._rest(known, cell)
        length = parse_length(cell.length)
        if trained or not length.amount:
            return rest
        if length.unit == "s":
            return rest + length.amount
        step, steps = self._step_seconds(known, cell), self._steps(length, known, cell)
        return None if step is None or steps is None else rest + steps * step

    def _rest(self, known: _Measured, cell: Cell) -> float:
        """Return the seconds beside training: scoring takes as long as there are samples, drawing as they are heavy."""
        samples = cell.protocol.sample_count / max(known.cell.protocol.sample_count, 1)
        each = self._operations(known, cell) if known.draw_seconds else None
        heavier = each / known.step_flops if each and known.step_flops else 1.0
        return known.other_seconds + (known.draw_seconds * heavier + known.evaluate_seconds) * samples

    def _steps(self, length: Length, known: _Measured | None, cell: Cell) -> int | None:
        """Return the steps of a length, as far as what is recorded and declared tells them."""
        if length.unit == "flops":
            each = self._operations(known, cell)
            return int(length.in_steps(each * cell.batch_size).amount) if each else None
        count = self._train_count(cell)
        return None if length.unit == "epochs" and not count else length.steps(count, cell.batch_size)

    def _step_seconds(self, known: _Measured | None, cell: Cell) -> float | None:
        expected = self._by_recipe(cell)
        if known is None or not known.step_seconds:
            return expected
        each = self._operations(known, cell)
        if each and known.step_flops:
            return known.at(each * cell.batch_size)
        before = self._by_recipe(known.cell)
        return known.step_seconds * (expected / before if expected and before else 1.0)

    def _operations(self, known: _Measured | None, cell: Cell) -> float | None:
        """Return the operations of a step for each sample; None where neither a record nor counting tells them."""
        if known is not None and known.step_flops and known.same_network(cell):
            return known.step_flops
        if self._count is None or (known is not None and not known.step_flops):
            return None
        return self._count(cell)

    def _by_recipe(self, cell: Cell) -> float | None:
        """Return the seconds of a step as the cell's recipe has them, or None where it does not say."""
        recipes = self._registry.models.find(cell.model).recipes
        recipe = recipes.get(cell.budget) or recipes["standard"]
        reference = parse_reference(cell.dataset)
        spec = self._registry.datasets.find(reference.name)
        if spec.modality != "image":
            return _ROW_STEP_SECONDS if recipe.step_ms else None
        seconds = recipe.step_ms / 1000 * cell.batch_size / recipe.batch_size * _relative_size(reference, spec)
        return seconds or None

    def _train_count(self, cell: Cell) -> int:
        """Return the training samples as far as they are known before the data is prepared, else 0."""
        reference = parse_reference(cell.dataset)
        count = self._registry.datasets.find(reference.name).counts.get("train", 0)
        return min(count, reference.limit) if reference.limit else count


def _measured(record: Record) -> _Measured:
    values = record.measurements
    steps, train = values.get("train_steps", 0.0), values.get("train_seconds", 0.0)
    evaluate = values.get("evaluate_seconds", 0.0)
    other = max(values["cell_seconds"] - train - evaluate, 0.0)
    speed = values.get("sample_images_per_second", 0.0)
    draw = min(record.cell.protocol.sample_count / speed, other) if speed > 0 else 0.0
    return _Measured(
        cell=record.cell,
        steps=steps,
        step_seconds=train / steps if steps else 0.0,
        step_flops=values.get("step_flops", 0.0),
        rate=_rate(record),
        evaluate_seconds=evaluate,
        draw_seconds=draw,
        other_seconds=other - draw,
    )


def _rate(record: Record) -> float:
    threads = record.environment.get("threads")
    return _GPU_RATE if record.cell.device != "cpu" else _CPU_RATE * (threads if isinstance(threads, int) else 1)


def _relative_size(reference: DatasetReference, spec: DatasetSpec) -> float:
    """Return the pixels of an image relative to 28x28; small ones still cost what a step costs at least."""
    side = reference.size or (spec.shape[-1] if spec.shape else 28)
    return max(side**2 / 28**2, _LEAST_OF_A_STEP)
