"""Frechet distance of 2048-dimensional features by how many samples there are: no step where branches meet.

    python benchmarks/bench_frechet_rows.py
    python benchmarks/bench_frechet_rows.py 2000 2100

Processor seconds and wall seconds, the fastest of three.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from genharness.functional.frechet import frechet_distance

WIDTH, ROUNDS = 2048, 3
ROWS = (500, 1000, 1500, 1900, 2000, 2040, 2100, 2500)


def seconds(rows):
    random = np.random.default_rng(0)
    real, fake = (random.standard_normal((rows, WIDTH), dtype=np.float32) for _ in range(2))
    rounds = []
    for _ in range(ROUNDS):
        start, cpu_start = time.perf_counter(), time.process_time()
        frechet_distance(real, fake)
        rounds.append((time.process_time() - cpu_start, time.perf_counter() - start))
    return min(rounds)


if __name__ == "__main__":
    for rows in [int(word) for word in sys.argv[1:]] or ROWS:
        cpu, wall = seconds(rows)
        print(f"{rows:5} samples: {cpu:.2f} processor seconds, {wall:.2f} s", flush=True)
