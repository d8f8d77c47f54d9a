"""Training steps on two threads, by how long waiting threads spin: on a quiet machine, and beside busy processes.

    python benchmarks/bench_waiting.py
    GENHARNESS_BENCH_SECONDS=5 python benchmarks/bench_waiting.py

Every row is a process of its own, because OpenMP reads `GOMP_SPINCOUNT` when it is loaded; the one-thread row is what a
second thread must beat. `engine/waiting.py` sets what is chosen.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import sys
import time

SECONDS = float(os.environ.get("GENHARNESS_BENCH_SECONDS", "2"))
BUSY = 4
CASES = (("vae", 8), ("vae", 28), ("vae", 32), ("dcgan", 32), ("vae", 64))
ROWS = ((1, None), (2, None), (2, "10000"), (2, "1000"), (2, "0"))
"""Threads, and turns that a waiting one takes before it sleeps; None for OpenMP's own choice."""


def images_per_second(name, size):
    import torch

    from genharness.engine.build import build_model
    from genharness.kit import Batch
    from genharness.plugin.registry import load_registry
    from genharness.spec.plugins import DataShape

    spec = load_registry().models.find(name)
    recipe = spec.recipes["smoke"]
    cpu = torch.device("cpu")
    model = build_model(spec, recipe.options, DataShape("image", (3, size, size), 10, 1000), cpu).train()
    images = torch.rand(recipe.batch_size, 3, size, size) * 2 - 1
    batch = Batch(images.to(memory_format=torch.channels_last), None, 0, 0.1)
    seconds = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(seconds) < 4:
        start = time.perf_counter()
        model.training_step(batch)
        seconds.append(time.perf_counter() - start)
    return recipe.batch_size / statistics.median(seconds[1:])


def measured_here(threads):
    import torch

    torch.set_num_threads(threads)
    print(*(f"{images_per_second(name, size):.0f}" for name, size in CASES))


def measured(threads, turns):
    environment = {
        name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_NUM_THREADS")
    }
    if turns is not None:
        environment["GOMP_SPINCOUNT"] = turns
    command = [sys.executable, __file__, str(threads)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()


def spin():
    while True:
        pass


def table():
    print("threads  turns    " + "  ".join(f"{name}@{size}" for name, size in CASES) + "  (images/s)")
    for threads, turns in ROWS:
        print(f"{threads:7}  {turns or 'default':7}  " + "  ".join(measured(threads, turns)), flush=True)


def main():
    print(f"as the machine is, load {os.getloadavg()[0]:.1f}")
    table()
    others = [multiprocessing.Process(target=spin, daemon=True) for _ in range(BUSY)]
    for other in others:
        other.start()
    print(f"beside {BUSY} busy processes")
    table()
    for other in others:
        other.kill()


if __name__ == "__main__":
    measured_here(int(sys.argv[1])) if len(sys.argv) > 1 else main()
