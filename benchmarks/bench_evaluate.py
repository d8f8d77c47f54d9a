"""`genharness evaluate` end to end on 10,000 pictures of MNIST's size, in a process of its own as a user runs it.

    GENHARNESS_BENCH_MNIST=FOLDER pytest benchmarks/bench_evaluate.py -s

FOLDER holds the official MNIST files; without it they are looked for beside the project. `first` trains the
classifier, extracts 60,000 + 10,000 real and 10,000 generated samples and computes every default metric; `second` is
the same command again; `another` scores other samples against the same data. Targets on two cores: 60 s, and a tenth.
Each prints the processor seconds too, which other work on the machine moves less.
"""

from __future__ import annotations

import os
import resource
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
    """MNIST, prepared, and 10,000 blurred test digits as a zip of PNGs and as a .npz; and others, more blurred."""
    if not MNIST.is_dir():
        pytest.skip(f"MNIST is not at {MNIST}: name its folder in GENHARNESS_BENCH_MNIST")
    home = tmp_path_factory.mktemp("home")
    genharness(home, "data", "prepare", "mnist", "--from", MNIST)
    images = np.load(home / "data" / "mnist" / "test" / "images.npy")[:COUNT].astype(np.uint16)
    for name, shift in (("samples", 1), ("others", 2)):
        blurred = ((images + np.roll(images, shift, axis=3)) // 2).astype(np.uint8)
        np.savez(home / f"{name}.npz", images=blurred)
        with zipfile.ZipFile(home / f"{name}.zip", "w") as archive:
            for place, image in enumerate(blurred):
                stream = BytesIO()
                Image.fromarray(image[0]).save(stream, "PNG")
                archive.writestr(f"{place:05}.png", stream.getvalue())
    return home


@pytest.mark.parametrize("when", ["first", "second", "another"])
@pytest.mark.parametrize("form", ["npz", "zip"])
def test_evaluate(benchmark, prepared, form, when):
    benchmark.group = f"evaluate 10,000 images of a .{form}"
    if when == "first":
        genharness(prepared, "cache", "clear", "--yes")
    samples = prepared / f"{'others' if when == 'another' else 'samples'}.{form}"
    before = processor_seconds()
    arguments = (prepared, "evaluate", samples, "--dataset", "mnist", "--features", "classifier", "--format", "csv")
    text = benchmark.pedantic(genharness, arguments, rounds=1, iterations=1)
    benchmark.extra_info["processor_seconds"] = processor_seconds() - before
    print(f"{when} time, .{form}: {processor_seconds() - before:.1f} s of processor time")
    assert "fid" in text


def processor_seconds():
    """Return what all finished child processes have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
