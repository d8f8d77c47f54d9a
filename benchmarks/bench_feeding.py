"""Images per second fed to training, ours beside a torchvision-style dataset with a DataLoader, in one run.

    pytest benchmarks/bench_feeding.py

Each call feeds one epoch of 10,000 pictures of 3x32x32 in batches of 64 as float32 in [-1, 1] (target: 15 times a
DataLoader). `from disk` reads ahead from the memory map, as data does that is larger than memory.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from genharness.arrays import ensure_prepared
from genharness.feeding import Feeder
from genharness.specs import DatasetSpec

COUNT, BATCH = 10_000, 64
PICTURES = DatasetSpec(
    name="pictures",
    summary="Random pictures: speed does not look at them",
    factory="bench_feeding:prepare",
    shape=(3, 32, 32),
    class_names=tuple("abcdefghij"),
    bundled=True,
)


def pictures():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (COUNT, 3, 32, 32), np.uint8), random.integers(0, 10, COUNT)


def prepare(request):
    images, labels = pictures()
    for split in ("train", "test"):
        with request.writer.split(split) as writer:
            writer.write(images, labels)


class PictureDataset(Dataset):
    """What `torchvision.datasets.CIFAR10` does for each sample."""

    def __init__(self):
        images, self.labels = pictures()
        self.images = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)])

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.images[index])), int(self.labels[index])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENHARNESS_HOME", str(tmp_path_factory.mktemp("home")))
        patch.syspath_prepend(__file__.rpartition("/")[0])
        yield ensure_prepared(PICTURES, "pictures")


@pytest.mark.parametrize("resident", [True, False], ids=["in memory", "from disk"])
def test_genharness(benchmark, data, resident):
    feeder = Feeder(data, BATCH, seed=0, device=torch.device("cpu"), resident=resident)

    def epoch():
        for step in range(feeder.steps_per_epoch):
            feeder.batch(step)

    benchmark.pedantic(epoch, rounds=5, warmup_rounds=1)
    benchmark.extra_info["images_per_second"] = COUNT / benchmark.stats["median"]
    feeder.close()


@pytest.mark.parametrize("workers", [0, 2])
def test_dataloader(benchmark, workers):
    loader = DataLoader(PictureDataset(), BATCH, shuffle=True, drop_last=True, num_workers=workers)

    def epoch():
        for _ in loader:
            pass

    benchmark.pedantic(epoch, rounds=3, warmup_rounds=1)
    benchmark.extra_info["images_per_second"] = COUNT / benchmark.stats["median"]
