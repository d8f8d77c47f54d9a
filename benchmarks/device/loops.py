"""The harness's loop beside a bare loop of the same steps."""

from __future__ import annotations

import statistics

import torch
from bench_harness import BATCH, bare_round, harness_round

from genharness.engine.arithmetic import set_arithmetic
from genharness.testing import synthetic_data


def harness_beside_bare(device: str, small: bool) -> dict[str, float]:
    """Return images per second of both, and the ratio of their medians (target: at least 0.97)."""
    place = torch.device(device)
    set_arithmetic(place, "fp32", deterministic=False)
    data = synthetic_data(8 if small else 32, 1)
    steps, rounds = (2, 1) if small else (200, 5)
    harness_round(data, place, steps), bare_round(data, place, steps)
    pairs = [(harness_round(data, place, steps), bare_round(data, place, steps)) for _ in range(rounds)]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    rates = {"harness_images_per_second": BATCH * steps / ours, "bare_images_per_second": BATCH * steps / bare}
    return {**rates, "throughput_ratio": bare / ours}
