"""What a model costs: parameters, operations, latency, throughput, memory."""

from __future__ import annotations

import copy
import resource
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from genharness.engine.clock import synchronise
from genharness.engine.feed import Feeder
from genharness.engine.memory import is_out_of_memory
from genharness.engine.sampler import Sampler
from genharness.kit.generators import seeded_generator
from genharness.kit.model import Batch, GenerativeModel

__all__ = ["attempted", "flops", "inference", "parameters", "peak_memory", "reset_peak"]

T = TypeVar("T")

WARM_UPS = 10
CALLS = 100
SWEEP = (1, 8, 32, 128, 512)
_SECONDS = 20.0
"""Limit for each part of the timing; a slow sampler is timed fewer than `CALLS` times, and the record says so."""

_COUNTED_STEPS = 5
"""Steps over which operations are averaged: a critic may take five for one of the generator."""


def attempted(what: str, measure: Callable[[], T], nothing: T) -> tuple[T, tuple[str, ...]]:
    """Return measurements, or `nothing` and a note why: what a model costs must never lose what it is worth.

    Args:
        what: What is measured, for the note.
        measure: Gives the measurements; it may raise anything, lack of memory included.
        nothing: What stands for measurements that cannot be had.
    """
    try:
        return measure(), ()
    except Exception as error:  # a plugin's code runs in here, with arguments that nothing else gives it
        reason = " ".join(str(error).split())[:200]
        return nothing, (f"{what} not measured: {type(error).__name__}: {reason}",)


def parameters(model: GenerativeModel) -> dict[str, float]:
    """Return how many parameters are trained, and how many samples are drawn from."""
    return {
        "parameters": _count(model),
        "generator_parameters": _count(model.averaged_module()),
    }


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def inference(
    sampler: Sampler, labels: torch.Tensor | None, largest: int = SWEEP[-1]
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Time sampling: latency at batch 1, then throughput over batch sizes.

    Args:
        sampler: The model in eval mode.
        labels: Classes to make, at least as many as the largest batch; None for an unconditional model.
        largest: Largest batch of the sweep.

    Returns:
        Measurements, and the sweep as `batch_size` beside `images_per_second`.
    """
    generator = seeded_generator(sampler.model.device, 0)

    def call(size: int) -> None:
        sampler.batch(size, generator, None if labels is None else labels[:size])

    latencies = 1000 * np.array(_timed(sampler.model.device, lambda: call(1)))
    p50, p95, p99 = np.percentile(latencies, [50, 95, 99])
    sweep = _sweep(sampler.model.device, call, largest)
    return {
        "latency_p50_ms": float(p50),
        "latency_p95_ms": float(p95),
        "latency_p99_ms": float(p99),
        "latency_calls": float(len(latencies)),
        "sample_images_per_second": max(sweep["images_per_second"], default=float("nan")),
    }, sweep


def _timed(device: torch.device, call: Callable[[], None]) -> list[float]:
    """Return the seconds of `CALLS` calls after `WARM_UPS`, or of as many as the limit allows."""
    start = time.perf_counter()
    for _ in range(WARM_UPS):
        call()
        if time.perf_counter() - start > _SECONDS / 2:
            break
    seconds: list[float] = []
    while len(seconds) < CALLS and (sum(seconds) < _SECONDS or len(seconds) < 3):
        seconds.append(_seconds(device, call))
    return seconds


def _seconds(device: torch.device, call: Callable[[], None]) -> float:
    if device.type == "cuda":
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        call()
        end.record()
        end.synchronize()
        return float(begin.elapsed_time(end)) / 1000
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _sweep(device: torch.device, call: Callable[[int], None], largest: int) -> dict[str, list[float]]:
    """Return throughput by batch size, up to the largest and as far as the time allows."""
    sweep: dict[str, list[float]] = {"batch_size": [], "images_per_second": []}
    start = time.perf_counter()
    for size in (size for size in SWEEP if size <= largest):
        if time.perf_counter() - start > _SECONDS:
            break
        try:
            rate = _rate(device, call, size)
        except Exception as error:
            if is_out_of_memory(error):  # the smaller batches have been timed
                break
            raise
        sweep["batch_size"].append(size)
        sweep["images_per_second"].append(rate)
    return sweep


def _rate(device: torch.device, call: Callable[[int], None], size: int) -> float:
    """Return the samples per second of batches of one size, after one that is not timed."""
    call(size)
    synchronise(device)
    spent, calls = 0.0, 0
    while spent < 0.2 and calls < 20:
        spent += _seconds(device, lambda: call(size))
        calls += 1
    return size * calls / max(spent, 1e-9)


def flops(model: GenerativeModel, feeder: Feeder | None, labels: torch.Tensor | None) -> dict[str, float]:
    """Return floating-point operations of drawing one sample and, with a feeder, of a training step per sample.

    Training steps are counted on a copy of the model; the caller keeps the random states.
    """
    counted = {}
    generator = seeded_generator(model.device, 0)
    with _FlopCounter() as counter, torch.no_grad():
        model.eval().sample(1, labels=None if labels is None else labels[:1], generator=generator)
    counted["sample_flops"] = float(counter.total)
    if feeder is not None:
        counted["step_flops"] = _step_flops(copy.deepcopy(model).train(), feeder)
    return counted


def _step_flops(model: GenerativeModel, feeder: Feeder) -> float:
    samples, labels = feeder.batch(0)
    few = min(len(samples), 8)
    with _FlopCounter() as counter:
        for step in range(_COUNTED_STEPS):
            model.training_step(Batch(samples[:few], None if labels is None else labels[:few], step, 0.0))
    return float(counter.total) / (_COUNTED_STEPS * few)


class _FlopCounter(TorchDispatchMode):
    """Adds up torch's own formulas; its `FlopCounterMode` hooks modules, which second derivatives do not survive."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **kwargs, out_val=result)
        return result


def reset_peak(device: torch.device) -> None:
    """Begin a new peak of accelerator memory."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory(device: torch.device) -> dict[str, float]:
    """Return peak memory of this process in MiB, and of the accelerator where there is one."""
    unit = 1 if sys.platform == "darwin" else 1024
    peaks = {"peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20}
    if device.type == "cuda":
        peaks["peak_accelerator_mib"] = torch.cuda.max_memory_allocated(device) / 2**20
        peaks["peak_accelerator_reserved_mib"] = torch.cuda.max_memory_reserved(device) / 2**20
    return peaks
