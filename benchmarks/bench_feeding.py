"""Images per second fed to training, ours beside a torchvision-style dataset with a DataLoader, in one run.

    pytest benchmarks/bench_feeding.py

Each call feeds one epoch of 3,200 pictures of 3x32x32 in batches of 64 as float32 in [-1, 1] (target: 15 times a
DataLoader). `from disk` reads ahead from the memory map, as data does that is larger than memory.
"""

from __future__ import annotations

import pytest
import torch
from pictures import IMAGES, PICTURES, PictureDataset
from torch.utils.data import DataLoader

from genharness.arrays import ensure_prepared
from genharness.feeding import Feeder

BATCH = 64


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
