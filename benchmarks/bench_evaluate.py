"""`genharness evaluate` end to end on 10,000 pictures of MNIST's size, in a process of its own as a user runs it.

    GENHARNESS_BENCH_MNIST=FOLDER pytest benchmarks/bench_evaluate.py

FOLDER holds the official MNIST files; without it they are looked for beside the project. `first` trains the
classifier and extracts 60,000 real and 10,000 generated samples; `second` finds all of that in the caches.
Targets on two cores: 60 s, and a tenth of the first.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COUNT = 10_000
BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist"
MNIST = Path(os.environ.get("GENHARNESS_BENCH_MNIST", BESIDE))


def genharness(home, *arguments):
    command = [sys.executable, "-m", "genharness.cli.main", *map(str, arguments)]
    done = subprocess.run(
        command, env={**os.environ, "GENHARNESS_HOME": str(home)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """MNIST, prepared, and 10,000 blurred test digits as a zip of PNGs and as a .npz."""
    if not MNIST.is_dir():
        pytest.skip(f"MNIST is not at {MNIST}: name its folder in GENHARNESS_BENCH_MNIST")
    home = tmp_path_factory.mktemp("home")
    genharness(home, "data", "prepare", "mnist", "--from", MNIST)
    images = np.load(home / "data" / "mnist" / "test" / "images.npy")[:COUNT]
    shifted = ((images.astype(np.uint16) + np.roll(images, 1, axis=3)) // 2).astype(np.uint8)
    np.savez(home / "samples.npz", images=shifted)
    with zipfile.ZipFile(home / "samples.zip", "w") as archive:
        for place, image in enumerate(shifted):
            stream = BytesIO()
            Image.fromarray(image[0]).save(stream, "PNG")
            archive.writestr(f"{place:05}.png", stream.getvalue())
    return home


@pytest.mark.parametrize("name", ["samples.npz", "samples.zip"])
@pytest.mark.parametrize("when", ["first", "second"])
def test_evaluate(benchmark, prepared, name, when):
    benchmark.group = f"evaluate 10,000 images, {when} time"
    if when == "first":
        genharness(prepared, "cache", "clear", "--yes")
    text = benchmark.pedantic(
        genharness,
        (prepared, "evaluate", prepared / name, "--dataset", "mnist", "--features", "classifier", "--format", "csv"),
        rounds=1,
        iterations=1,
    )
    assert "fid" in text
