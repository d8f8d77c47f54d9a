"""What is done a second time, or for many rows: decoding a folder of pictures, printing a comparison of fifty rows.

python benchmarks/bench_again.py folder     # 2,000 pictures of 28 pixels, as `evaluate` reads them, first and again
python benchmarks/bench_again.py compare    # 50 rows of 4 seeds: bytes and processor seconds of `genharness compare`
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from genharness.external.zip_cache import read_or_recall
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

PICTURES, ROWS, SEEDS = 2000, 50, 4


def folder(place):
    random = np.random.default_rng(0)
    pictures = place / "pictures"
    pictures.mkdir()
    for number in range(PICTURES):
        Image.fromarray(random.integers(0, 256, (28, 28), np.uint8)).save(pictures / f"{number}.png")
    with mock.patch.dict(os.environ, GENHARNESS_HOME=str(place / "home")):
        for which in ("first", "again"):
            start = time.process_time()
            read_or_recall(pictures, size=None, report=lambda *_: None)
            print(f"{which}: {time.process_time() - start:.2f} processor seconds", flush=True)


def seconds_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compare(place):
    store = Store(place / "results")
    store.open_for_writing()
    random = np.random.default_rng(0)
    protocol = Protocol(extractor="classifier", sample_count=10)
    measured = {"protocol": protocol.as_plain(), "protocol_hash": protocol.hash}
    for row in range(ROWS):
        for seed in range(SEEDS):
            cell = Cell(
                model=f"m{row}", dataset="digits", seed=seed, budget="smoke", length="1steps", protocol=protocol
            )
            scores = {name: float(random.normal(row, 5)) for name in ("fid", "kid", "precision", "recall")}
            store.save(Record(cell=cell, status="ok", scores=scores, **measured))
    rows = [f"m{row}" for row in range(ROWS)]
    command = [sys.executable, "-m", "genharness.cli.main", "compare", *rows, "--results", str(store.folder)]
    for form in ("table", "json"):
        start = seconds_of_children()
        done = subprocess.run([*command, "--format", form], capture_output=True, text=True, check=True)
        spent = seconds_of_children() - start
        print(f"{form}: {len(done.stdout.encode()):,} bytes, {spent:.1f} processor seconds", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        {"folder": folder, "compare": compare}[sys.argv[1]](Path(name))
