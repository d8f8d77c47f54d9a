"""Preparing CIFAR-10's 60,000 JPEGs from their tar.xz, ours beside torchvision's ImageFolder, in one run.

    pytest benchmarks/bench_prepare.py --benchmark-only

The aim is less than 90 seconds on two cores. Both ways end with all pixels and labels in .npy files; ours also
refuses hostile members, checks layout and classes, and hashes every array. Needs ../shared/data/cifar10-jpeg.tar.xz.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import ImageFolder

from genharness.data import ensure_prepared
from genharness_data_vision import CIFAR10

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "cifar10-jpeg.tar.xz"

pytestmark = [
    pytest.mark.skipif(not ARCHIVE.is_file(), reason=f"{ARCHIVE} is missing"),
    pytest.mark.benchmark(group="prepare 60,000 JPEGs of 32x32 from tar.xz"),
]


def ours(home, monkeypatch):
    monkeypatch.setenv("GENHARNESS_HOME", str(home))
    return ensure_prepared(CIFAR10, "cifar10", source=ARCHIVE)


def image_folder(folder):
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    for split in ("train", "test"):
        pictures = ImageFolder(folder / split)
        images = np.empty((len(pictures), 3, 32, 32), np.uint8)
        for index, (picture, _) in enumerate(pictures):
            images[index] = np.asarray(picture).transpose(2, 0, 1)
        np.save(folder / f"{split}-images.npy", images)
        np.save(folder / f"{split}-labels.npy", np.array(pictures.targets))
    return folder


def test_ours(benchmark, tmp_path, monkeypatch):
    data = benchmark.pedantic(ours, (tmp_path, monkeypatch), rounds=1)
    assert data.meta.counts == {"train": 50_000, "test": 10_000}


def test_torchvision_image_folder(benchmark, tmp_path, monkeypatch):
    folder = benchmark.pedantic(image_folder, (tmp_path / "peer",), rounds=1)
    theirs = np.load(folder / "test-images.npy", mmap_mode="r")
    np.testing.assert_array_equal(theirs, ours(tmp_path / "home", monkeypatch).samples("test"))
