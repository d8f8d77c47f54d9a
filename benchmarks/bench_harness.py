"""The harness's loop beside a bare loop of the same DCGAN step: what loop, clocks, history and feeding cost.

    pytest benchmarks/bench_harness.py -s

Rounds alternate, so that a busy machine slows both; the ratio is that of the medians (target: at least 0.97).
"""

from __future__ import annotations

import os
import statistics
import time

import torch

from genharness.data import ensure_prepared
from genharness.engine.average import WeightAverage
from genharness.engine.build import build_model
from genharness.engine.costs.clock import Clock, synchronise
from genharness.engine.feed import Feeder, to_unit_range
from genharness.engine.loop import Trainer
from genharness.kit import Batch
from genharness.plugin.registry import load_registry
from genharness.spec.length import Length

BATCH, STEPS = 64, int(os.environ.get("GENHARNESS_BENCH_STEPS", "40"))
ROUNDS = int(os.environ.get("GENHARNESS_BENCH_ROUNDS", "7"))
CPU = torch.device("cpu")


def model_of(data, device):
    spec = load_registry().models.find("dcgan")
    torch.manual_seed(0)
    return build_model(spec, {"width": 32}, data.shape, device)


def harness_round(data, device=CPU, steps=STEPS):
    model = model_of(data, device)
    trainer = Trainer(
        model=model,
        feeder=Feeder(data, BATCH, seed=0, device=device),
        average=WeightAverage(model, None),
        length=Length(steps, "steps"),
        precision="fp32",
        clock=Clock(device),
    )
    quiet = {"on_progress": lambda progress: None, "on_pause": lambda: None, "on_score": lambda: None}
    synchronise(device)
    start = time.perf_counter()
    trainer.train(**quiet, should_stop=lambda: False, checkpoint_seconds=60)
    synchronise(device)
    return time.perf_counter() - start


def bare_round(data, device=CPU, steps=STEPS):
    model = model_of(data, device)
    images = torch.from_numpy(data.samples("train").copy()).to(device)
    synchronise(device)
    start = time.perf_counter()
    order = torch.randperm(len(images), device=device)
    per_epoch = len(images) // BATCH
    for step in range(steps):
        place = step % per_epoch
        batch = to_unit_range(images[order[place * BATCH : (place + 1) * BATCH]])
        model.training_step(Batch(batch, None, step, step / steps))
    synchronise(device)
    return time.perf_counter() - start


def test_harness_beside_a_bare_loop(benchmark, tmp_path, monkeypatch):
    monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path))
    data = ensure_prepared(load_registry().datasets.find("digits"), "digits@32")
    harness_round(data), bare_round(data)
    pairs = [(harness_round(data), bare_round(data)) for _ in range(ROUNDS)]
    ours, peer = (statistics.median(column) for column in zip(*pairs, strict=True))
    figures = {
        "harness_images_per_second": BATCH * STEPS / ours,
        "bare_images_per_second": BATCH * STEPS / peer,
        "throughput_ratio": peer / ours,
    }
    benchmark.extra_info.update(figures)
    benchmark.pedantic(harness_round, args=(data,), rounds=1)
    print("\n" + "  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
