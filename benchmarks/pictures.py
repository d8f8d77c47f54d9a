"""Random pictures of CIFAR-10's size, prepared for the harness and behind a torchvision-style dataset."""

from __future__ import annotations

import os

import numpy as np
from PIL import Image
from torch.utils.data import Dataset
from torchvision import transforms

from genharness.spec.plugins import DatasetSpec

IMAGES = int(os.environ.get("GENHARNESS_BENCH_IMAGES", "3200"))
PICTURES = DatasetSpec(
    name="pictures",
    summary="Random pictures: speed does not look at them",
    factory="pictures:prepare",
    shape=(3, 32, 32),
    class_names=tuple("abcdefghij"),
    bundled=True,
)


def pictures():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (IMAGES, 3, 32, 32), np.uint8), random.integers(0, 10, IMAGES)


def prepare(request):
    images, labels = pictures()
    for split in ("train", "test"):
        with request.writer.split(split) as writer:
            writer.write(images, labels)


class PictureDataset(Dataset):
    """Samples as `torchvision.datasets.CIFAR10` gives them: an array in memory, a PIL image each, transforms."""

    def __init__(self):
        images, self.labels = pictures()
        self.images = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)])

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.images[index])), int(self.labels[index])
