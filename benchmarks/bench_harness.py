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
from genharness.engine.costs.clock import Clock
from genharness.engine.feed import Feeder, to_unit_range
from genharness.engine.loop import Trainer
from genharness.kit import Batch
from genharness.plugin.registry import load_factory, load_registry
from genharness.spec.length import Length
from genharness.spec.options import build_config

BATCH, STEPS = 64, int(os.environ.get("GENHARNESS_BENCH_STEPS", "40"))
ROUNDS = int(os.environ.get("GENHARNESS_BENCH_ROUNDS", "7"))


def model_of(data):
    spec = load_registry().models.find("dcgan")
    torch.manual_seed(0)
    model = load_factory(spec)(data.shape, build_config("dcgan", spec.config, {"width": 32}))
    return model.to(memory_format=torch.channels_last)


def harness_round(data):
    model = model_of(data)
    trainer = Trainer(
        model=model,
        feeder=Feeder(data, BATCH, seed=0, device=torch.device("cpu")),
        average=WeightAverage(model, None),
        length=Length(STEPS, "steps"),
        precision="fp32",
        clock=Clock(torch.device("cpu")),
    )
    quiet = {"on_progress": lambda progress: None, "on_pause": lambda: None, "on_score": lambda: None}
    start = time.perf_counter()
    trainer.train(**quiet, should_stop=lambda: False, checkpoint_seconds=60)
    return time.perf_counter() - start


def bare_round(data):
    model = model_of(data)
    images = torch.from_numpy(data.samples("train").copy())
    start = time.perf_counter()
    order = torch.randperm(len(images))
    per_epoch = len(images) // BATCH
    for step in range(STEPS):
        place = step % per_epoch
        batch = to_unit_range(images[order[place * BATCH : (place + 1) * BATCH]])
        model.training_step(Batch(batch, None, step, step / STEPS))
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
