"""Images per second fed to training, ours beside a torchvision-style dataset with a DataLoader, in one run.

    pytest benchmarks/bench_feeding.py
    GENHARNESS_BENCH_LARGE=1 pytest benchmarks/bench_feeding.py -s -k resident      (writes 4 GB)

Each call feeds one epoch of 3,200 pictures of 3x32x32 in batches of 64 as float32 in [-1, 1] (target: 15 times a
DataLoader). `from disk` reads ahead from the memory map, as data does that is larger than memory. The second command
trains on as many pictures as ImageNet-32 has and prints the peak resident memory of that process (target: 2 GiB).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import IMAGES, PICTURES, PictureDataset
from torch.utils.data import DataLoader

from genharness.data import ArrayWriter, ensure_prepared, parse_reference
from genharness.data.prepared import open_folder
from genharness.engine.average import WeightAverage
from genharness.engine.costs.clock import Clock
from genharness.engine.feed import Feeder
from genharness.engine.loop import Trainer
from genharness.plugin.registry import load_factory, load_registry
from genharness.spec.length import Length
from genharness.spec.options import build_config

BATCH = 64
IMAGENET32 = 1_281_167
"""Pictures in the training split of ImageNet-32: 3.9 GB of pixels."""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENHARNESS_HOME", str(tmp_path_factory.mktemp("home")))
        yield ensure_prepared(PICTURES, "pictures")


@pytest.mark.parametrize("resident", [True, False], ids=["in memory", "from disk"])
def test_genharness(benchmark, data, resident):
    feeder = Feeder(data, BATCH, seed=0, device=torch.device("cpu"), resident=resident)

    def epoch():
        for step in range(feeder.steps_per_epoch):
            feeder.batch(step)

    benchmark.pedantic(epoch, rounds=5, warmup_rounds=1)
    benchmark.extra_info["images_per_second"] = IMAGES / benchmark.stats["median"]
    feeder.close()


@pytest.mark.parametrize("workers", [0, 2])
def test_dataloader(benchmark, workers):
    loader = DataLoader(PictureDataset(), BATCH, shuffle=True, drop_last=True, num_workers=workers)

    def epoch():
        for _ in loader:
            pass

    benchmark.pedantic(epoch, rounds=3, warmup_rounds=1)
    benchmark.extra_info["images_per_second"] = IMAGES / benchmark.stats["median"]


def write_pictures(folder, count):
    """Prepare a dataset of `count` pictures of noise."""
    random = np.random.default_rng(0)
    writer = ArrayWriter(folder, parse_reference("pictures"), class_names=tuple("abcdefghij"))
    for split, images in (("train", count), ("test", 1000)):
        with writer.split(split, count=images) as output:
            for start in range(0, images, 10_000):
                size = min(10_000, images - start)
                output.write(random.integers(0, 256, (size, 3, 32, 32), np.uint8), random.integers(0, 10, size))
    writer.finish()


def train(folder, steps=60):
    """Train a small DCGAN on a prepared dataset and return the process's peak resident memory in MiB."""
    data, device = open_folder(folder, "pictures"), torch.device("cpu")
    spec = load_registry().models.find("dcgan")
    model = load_factory(spec)(data.shape, build_config(spec.name, spec.config, {"width": 24}))
    trainer = Trainer(
        model=model,
        feeder=Feeder(data, BATCH, seed=0, device=device),
        average=WeightAverage(model, None),
        length=Length(steps, "steps"),
        precision="fp32",
        clock=Clock(device),
    )
    trainer.train(
        on_progress=lambda _progress: None,
        on_pause=lambda: None,
        on_score=lambda: None,
        should_stop=lambda: False,
        checkpoint_seconds=1e9,
    )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.skipif("GENHARNESS_BENCH_LARGE" not in os.environ, reason="writes 4 GB: set GENHARNESS_BENCH_LARGE=1")
def test_resident_memory_of_training_on_data_of_imagenet_32s_size(tmp_path):
    write_pictures(tmp_path, IMAGENET32)
    done = subprocess.run([sys.executable, __file__, str(tmp_path)], capture_output=True, text=True, check=True)
    peak = float(done.stdout.split()[-1])
    print(f"\n{IMAGENET32:,} pictures of 32x32x3: {peak:.0f} MiB resident at most")
    assert peak < 2048


if __name__ == "__main__":
    print(train(Path(sys.argv[1])))
