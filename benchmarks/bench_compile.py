"""Training steps with and without `--compile`, in turn on one thread: how many times as fast a compiled one is.

    python benchmarks/bench_compile.py
    python benchmarks/bench_compile.py dcgan:mnist:32 vae:mnist:32

Each word is a model, a dataset that is prepared, and a batch size; the smoke recipe's options are taken. What is
printed are medians of processor seconds over blocks of five steps after the first six, in which compiling is done, and
how long that took. Compiling needs a C++ compiler, and minutes.
"""

from __future__ import annotations

import statistics
import sys
import time

import torch

from genharness.data.facts import facts_reader
from genharness.engine.build import build_model
from genharness.engine.random_state import seed_everything
from genharness.kit.model import Batch
from genharness.plugin.registry import load_registry

ONE_OF_EACH_FAMILY = (
    "dcgan:mnist:32",
    "vae:mnist:32",
    "flow-matching:digits:32",
    "realnvp:digits:32",
    "pixelcnn:digits:16",
)
FIRST, BLOCKS, BLOCK = 6, 12, 5
CPU = torch.device("cpu")


def timed(model, batch, first, count):
    """Take steps and return the processor seconds and the seconds of them."""
    start = time.process_time(), time.perf_counter()
    for step in range(first, first + count):
        model.training_step(Batch(*batch, step, 0.1))
    return time.process_time() - start[0], time.perf_counter() - start[1]


def measure(name, dataset, batch_size):
    """Print the medians of one model."""
    registry = load_registry()
    spec, shape = registry.models.find(name), facts_reader(registry)(dataset).shape
    seed_everything(0)
    data = (torch.rand(batch_size, *shape.shape) * 2 - 1).to(memory_format=torch.channels_last)
    batch = data, torch.randint(0, shape.classes, (batch_size,)) if shape.classes else None
    options = spec.recipes["smoke"].options
    models = [build_model(spec, options, shape, CPU, compiled=compiled).train() for compiled in (False, True)]
    compiling = [timed(model, batch, 0, FIRST)[1] for model in models][1]
    blocks = [[timed(model, batch, FIRST + BLOCK * at, BLOCK)[0] / BLOCK for model in models] for at in range(BLOCKS)]
    eager, compiled = (1000 * statistics.median(times) for times in zip(*blocks, strict=True))
    print(
        f"{name} {dataset}, batches of {batch_size}: {eager:.1f} ms, compiled {compiled:.1f} ms, "
        f"{eager / compiled:.2f} times as fast; compiling took {compiling:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    for word in sys.argv[1:] or ONE_OF_EACH_FAMILY:
        model, dataset, size = word.split(":")
        measure(model, dataset, int(size))
