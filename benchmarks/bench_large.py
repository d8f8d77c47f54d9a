"""A whole cell, from data to record, on as many pictures of 32 pixels as ImageNet-32 has: how much memory it takes.

    python benchmarks/bench_large.py                  # writes 4 GB below the folder for temporary files
    python benchmarks/bench_large.py 20000

Trains the data's classifier and, for a moment, a GAN, and scores it by everything that a run scores by, against 5,000
pictures of the whole. Prints the peaks of resident memory of training and of scoring, above what a process holds that
has only imported the libraries (target: 1 GiB).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from genharness.results.store import Store

IMAGENET32 = 1_281_167
PLUGIN = """
import numpy as np
from genharness import DatasetSpec, hookimpl

COUNT, BLOCK = {count}, 10_000

@hookimpl
def genharness_datasets():
    return [DatasetSpec(name="many", summary="Noise", factory="many_pictures:prepare", shape=(3, 32, 32),
                        class_names=tuple("abcdefghij"), bundled=True)]

def prepare(request):
    random = np.random.default_rng(0)
    classes = random.integers(0, 128, (10, 3, 32, 32), np.uint8)
    noise = random.integers(0, 256, (BLOCK, 3, 32, 32), np.uint8)
    for split, count in (("train", COUNT), ("test", BLOCK)):
        writer = request.writer.split(split, count=count)
        for start in range(0, count, BLOCK):
            some = noise[: min(BLOCK, count - start)] ^ np.uint8(start // BLOCK)  # no two pictures are alike
            labels = random.integers(0, 10, len(some))
            writer.write(some // 2 + classes[labels], labels)
"""
LIBRARIES = """
import genharness_exec_local.preload
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS:")) / 1024)
"""
RUN = "--models gan --datasets many --budget 100steps --samples 1000 --reference 5000 --jobs 1 --no-baselines"


def install(folder, count):
    """Make a distribution with the dataset, in a folder that is to stand on the path."""
    (folder / "many_pictures.py").write_text(PLUGIN.format(count=count))
    info = folder / "many_pictures-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: many-pictures\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[genharness]\nmany = many_pictures\n")


def main(count):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        install(folder, count)
        path = os.pathsep.join(part for part in (name, os.environ.get("PYTHONPATH", "")) if part)
        environment = {**os.environ, "PYTHONPATH": path, "GENHARNESS_HOME": str(folder / "home")}
        libraries = subprocess.run([sys.executable, "-c", LIBRARIES], capture_output=True, text=True, check=True)
        base = float(libraries.stdout)
        start = time.monotonic()
        command = [
            sys.executable,
            "-m",
            "genharness.cli.main",
            "run",
            *RUN.split(),
            "--results",
            str(folder / "results"),
        ]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        records = list(Store(folder / "results").records()) if (folder / "results").is_dir() else []
        if done.returncode or len(records) != 1:
            sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
        (record,) = records
        peaks = {key: record.measurements[key] for key in ("peak_memory_mib", "evaluate_peak_memory_mib")}
        print(f"{count:,} pictures: {record.status}, fid {record.scores['fid']:.1f}, {time.monotonic() - start:.0f} s")
        print(f"libraries alone {base:.0f} MiB; " + ", ".join(f"{key} {value:.0f}" for key, value in peaks.items()))
        print(f"above the libraries at most {max(peaks.values()) - base:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else IMAGENET32)
