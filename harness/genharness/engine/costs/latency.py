"""How long sampling takes: latency of one sample, throughput over batch sizes."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from genharness.engine.costs.clock import synchronise
from genharness.engine.devices import on_device
from genharness.engine.memory import is_out_of_memory
from genharness.engine.sampler import Sampler
from genharness.kit.generators import seeded_generator

__all__ = ["sampling_speed"]

_WARM_UPS = 10
_CALLS = 100
_SWEEP = (1, 8, 32, 128, 512)

_SECONDS = 20.0
"""Limit for each part of the timing; a slow sampler is timed fewer than `_CALLS` times, and the record says so."""

_ROUND_SECONDS = 0.03
"""A round of calls of one batch size takes this long at least, or `_CALLS` calls."""

_ROUNDS = 10
"""Rounds of one batch size, at most."""

_AGREEMENT = 0.05
"""Two rounds that differ by less, relatively, agree: what came between the others was not the model."""

_ENOUGH_SECONDS = 0.5
"""Rounds that go on for longer need no second one to agree with them."""


def sampling_speed(
    sampler: Sampler, labels: Tensor | None, largest: int = _SWEEP[-1]
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Time the model's `sample`, and nothing of what the harness does with samples.

    Args:
        sampler: The model in eval mode.
        labels: Classes to make, at least as many as the largest batch; None for an unconditional model.
        largest: Largest batch of the sweep.

    Returns:
        Measurements, and the sweep as `batch_size` beside `images_per_second`.
    """
    device = sampler.model.device
    generator = seeded_generator(device)

    def call(size: int) -> None:
        sampler.raw(size, generator, None if labels is None else labels[:size])

    with on_device(device):
        latencies = 1000 * np.array(_timed(device, lambda: call(1)))
        sweep = _sweep(device, call, largest)
    p50, p95, p99 = np.percentile(latencies, [50, 95, 99])
    return {
        "latency_p50_ms": float(p50),
        "latency_p95_ms": float(p95),
        "latency_p99_ms": float(p99),
        "latency_calls": float(len(latencies)),
        "sample_images_per_second": max(sweep["images_per_second"], default=float("nan")),
    }, sweep


def _timed(device: torch.device, call: Callable[[], None]) -> list[float]:
    """Return the seconds of `_CALLS` calls after `_WARM_UPS`, or of as many as the limit allows."""
    start = time.perf_counter()
    for _ in range(_WARM_UPS):
        call()
        if time.perf_counter() - start > _SECONDS / 2:
            break
    seconds: list[float] = []
    while len(seconds) < _CALLS and (sum(seconds) < _SECONDS or len(seconds) < 3):
        seconds.append(_seconds(device, call))
    return seconds


def _seconds(device: torch.device, call: Callable[[], None]) -> float:
    synchronise(device)
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
    """Return throughput by batch size, up to the largest and as far as time and memory allow."""
    sweep: dict[str, list[float]] = {"batch_size": [], "images_per_second": []}
    start = time.perf_counter()
    for size in (size for size in _SWEEP if size <= largest):
        if time.perf_counter() - start + _expected_seconds(size, sweep) > _SECONDS:
            break
        try:
            call(size)  # not timed: the first of its size
            rate = size / _seconds_of_a_call(lambda: _seconds(device, lambda: call(size)))  # noqa: B023  -- called now
        except Exception as error:
            if is_out_of_memory(error):  # the smaller batches have been timed
                break
            raise
        sweep["batch_size"].append(size)
        sweep["images_per_second"].append(rate)
    return sweep


def _expected_seconds(size: int, sweep: dict[str, list[float]]) -> float:
    """Return what the two calls of a batch size will take at least: a line through the two sizes before it.

    Where a device is idle for most of a call, a larger batch takes no longer; where it is not, it takes its share.
    """
    if len(sweep["batch_size"]) < 2:
        return 0.0
    (small, large), rates = sweep["batch_size"][-2:], sweep["images_per_second"][-2:]
    shorter, longer = small / rates[0], large / rates[1]
    slope = max(longer - shorter, 0.0) / (large - small)
    return 2 * (longer + slope * (size - large))


def _seconds_of_a_call(timed: Callable[[], float]) -> float:
    """Return the seconds of a call in the fastest round that another agrees with, else in the fastest.

    Whatever else the machine does only ever makes a round slower.
    """
    rounds: list[float] = []
    spent = 0.0
    while len(rounds) < _ROUNDS and not (rounds and spent > _ENOUGH_SECONDS):
        calls = [timed()]
        while sum(calls) < _ROUND_SECONDS and len(calls) < _CALLS:
            calls.append(timed())
        spent += sum(calls)
        rounds = sorted([*rounds, sum(calls) / len(calls)])
        if len(rounds) > 1 and rounds[1] - rounds[0] < _AGREEMENT * rounds[0]:
            break
    return max(rounds[0], 1e-9)
