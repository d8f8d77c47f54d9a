"""Small learnable datasets that are made in a moment: a bright blob whose place tells the class."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from genharness.data import ArrayWriter, PreparedData, parse_reference
from genharness.data.prepared import open_folder

__all__ = ["CLASSES", "COLUMNS", "TEST", "TRAIN", "private_home", "synthetic_data"]

CLASSES = 4
COLUMNS = 6
TRAIN, TEST = 160, 64
"""Samples of the two splits."""


@cache
def synthetic_data(size: int = 8, channels: int = 1, *, tabular: bool = False, labelled: bool = True) -> PreparedData:
    """Return a prepared dataset of blobs (or of Gaussian rows) in four classes, the same in every process.

    Args:
        size: Side of the images in pixels.
        channels: 1 or 3.
        tabular: Make rows of six columns instead of images.
        labelled: Whether it has labels.
    """
    folder = Path(tempfile.mkdtemp(prefix="genharness-conformance-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    names = tuple(f"place {index}" for index in range(CLASSES)) if labelled else ()
    writer = ArrayWriter(folder, parse_reference("conformance"), class_names=names)
    for seed, (split, count) in enumerate((("train", TRAIN), ("test", TEST))):
        generator = np.random.default_rng(seed)
        labels = np.arange(count) % CLASSES
        samples = _rows(labels, generator) if tabular else _images(labels, size, channels, generator)
        writer.split(split, count).write(samples, labels if labelled else None)
    writer.finish()
    return open_folder(folder, "conformance")


def _images(labels: NDArray[np.int64], size: int, channels: int, generator: np.random.Generator) -> NDArray[np.uint8]:
    places = np.array([(0.3, 0.3), (0.3, 0.7), (0.7, 0.3), (0.7, 0.7)])[labels] * size
    places = places + generator.normal(0, size / 16, places.shape)
    grid = np.arange(size) + 0.5
    down = np.exp(-0.5 * ((grid - places[:, :1]) / (size / 7)) ** 2)
    across = np.exp(-0.5 * ((grid - places[:, 1:]) / (size / 7)) ** 2)
    light = generator.uniform(0.6, 1.0, (len(labels), channels, 1, 1))
    noise = generator.uniform(0, 0.05, (len(labels), channels, size, size))
    images = (down[:, None, :, None] * across[:, None, None, :] * light + noise) * 255
    return np.asarray(images.clip(0, 255), dtype=np.uint8)


def _rows(labels: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.float32]:
    centres = np.random.default_rng(99).normal(0, 1, (CLASSES, COLUMNS))
    rows = centres[labels] + generator.normal(0, 0.4, (len(labels), COLUMNS))
    return np.asarray((rows - centres.mean(0)) / (centres.std(0) + 0.4), dtype=np.float32)


@contextmanager
def private_home() -> Iterator[None]:
    """Keep what is prepared or trained inside out of the user's own caches."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, GENHARNESS_HOME=folder):
        yield
