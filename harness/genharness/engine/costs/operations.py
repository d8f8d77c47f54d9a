"""Floating-point operations of training and sampling, and how often sampling evaluates a network."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, sdpa_backward_flop, sdpa_flop

from genharness.engine.costs.shapes import ShapeMemory
from genharness.kit.generators import seeded_generator
from genharness.kit.model import Batch, GenerativeModel

__all__ = ["FlopCounter", "sampling_operations", "step_work"]

_META = torch.device("meta")

_EARLY, _LATE = 0.02, 0.98
"""Where in training a step is looked at, as a share of it."""

_PHASES = 16
"""Places in training that are looked at where steps early and late differ."""

_LONGEST_PERIOD = 40
"""Steps after which the work of a step is taken to repeat, at most."""

_aten: Any = torch.ops.aten
_FORMULAS = {
    **flop_registry,
    # attention on the CPU, for which torch has a kernel and no formula
    _aten._scaled_dot_product_flash_attention_for_cpu: sdpa_flop,
    _aten._scaled_dot_product_flash_attention_for_cpu_backward: sdpa_backward_flop,
}


class FlopCounter(TorchDispatchMode):
    """Adds up torch's own formulas; its `FlopCounterMode` hooks modules, which second derivatives do not survive.

    A multiplication and an addition are two operations; what is done element by element is not counted.

    Args:
        run: Runs an operation; None does it as it stands.

    Attributes:
        total: Operations so far.
        calls: Kernels that were asked for so far: what torch was told to do, views aside, which only look otherwise.
    """

    def __init__(self, run: ShapeMemory | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self.total: int = 0
        self.calls: int = 0
        self._run = run

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation and count it."""
        kwargs = kwargs or {}
        self.calls += not getattr(func, "is_view", False)  # operators of higher order do not say
        result = func(*args, **kwargs) if self._run is None else self._run(func, args, kwargs)
        formula = _FORMULAS.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **kwargs, out_val=result)
        return result


def step_work(model: GenerativeModel, batch_size: int) -> tuple[float, float]:
    """Return the operations of a training step for each sample of the batch, and its calls, as means over a training.

    Steps differ: a generator may be due in one of five, a penalty in one of sixteen, a prior in the second half. So
    steps are taken until their operations repeat, and where a late one differs from an early one, all along the way.

    Args:
        model: A model on the meta device, where a step costs no arithmetic and no memory; it is used up.
        batch_size: Samples of a batch.
    """
    count = functools.partial(_counted_step, model.train(), batch_size, ShapeMemory())
    early: list[FlopCounter] = []

    def totals() -> Iterator[int]:
        for step in range(2 * _LONGEST_PERIOD + 1):
            early.append(count(step, _EARLY))
            yield early[-1].total

    period = _period(totals())
    counted = early[-len(period) :]  # the last, as optimisers make their state in the first
    late = count(0, _LATE)
    if late.total != period[0]:
        places = [(place + 0.5) / _PHASES for place in range(_PHASES)]
        counted = [count(step, place) for place in places for step in range(len(period))]
    flops, calls = sum(one.total for one in counted), sum(one.calls for one in counted)
    return flops / len(counted) / batch_size, calls / len(counted)


def _counted_step(
    model: GenerativeModel, batch_size: int, shapes: ShapeMemory, step: int, progress: float
) -> FlopCounter:
    data = torch.empty(batch_size, *model.data.shape, device=_META)
    labels = torch.zeros(batch_size, dtype=torch.int64, device=_META) if model.data.classes else None
    counter = FlopCounter(shapes)
    with counter:
        model.training_step(Batch(data, labels, step, progress))
    return counter


def _period(counts: Iterator[int]) -> Sequence[int]:
    """Return the counts of one period: the shortest start that what follows repeats, seen twice; else all."""
    seen: list[int] = []
    for value in counts:
        seen.append(value)
        for length in range(1, len(seen) // 2 + 1):
            if len(seen) > 2 and all(seen[at] == seen[at - length] for at in range(length, len(seen))):
                return seen[:length]
    return seen


def sampling_operations(model: GenerativeModel, labels: Tensor | None) -> Mapping[str, float]:
    """Return what drawing one sample takes.

    Args:
        model: In eval mode, on a device where it can sample.
        labels: One class `(1,)` for a conditional model, else None.

    Returns:
        `sample_flops` where they can be counted, and `function_evaluations`: how often the layer that is called most is
        called, which is the network evaluations of a diffusion model's sampler and the positions of an autoregressive
        prior.
    """
    generator = seeded_generator(model.device)
    with torch.no_grad(), _without_fast_path(), _calls(model) as calls, FlopCounter() as counter:
        model.sample(1, labels=labels, generator=generator)
    evaluations = {"function_evaluations": float(max(calls.values(), default=0))}
    return {"sample_flops": float(counter.total), **evaluations} if model.operations_counted else evaluations


@contextmanager
def _calls(model: nn.Module) -> Iterator[Counter[nn.Module]]:
    """Count the calls of every layer that has parameters of its own."""
    calls: Counter[nn.Module] = Counter()
    layers = [part for part in model.modules() if any(True for _ in part.parameters(recurse=False))]

    def count(layer: nn.Module, _: Any) -> None:
        calls[layer] += 1

    hooks = [layer.register_forward_pre_hook(count) for layer in layers]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _without_fast_path() -> Iterator[None]:
    """Let attention layers be made of operations that can be counted."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
