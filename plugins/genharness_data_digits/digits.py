"""Prepare scikit-learn's digits."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from genharness.data import PrepareRequest, stratified_split

TEST_FRACTION = 0.3
GREY_LEVELS = 16
"""The source counts set pixels in 4x4 blocks, so its values are 0 to 16."""


def prepare(request: PrepareRequest) -> None:
    """Write the 8x8 images, scaled from 0–16 to 0–255; the source has no splits: 70/30, stratified, seeded."""
    bunch = load_digits()
    images = np.rint(bunch.images * (255 / GREY_LEVELS)).astype(np.uint8)[:, None]
    labels = bunch.target.astype(np.int64)
    train, test = stratified_split(labels, len(labels), TEST_FRACTION)
    request.writer.split("train", count=len(train)).write(images[train], labels[train])
    request.writer.split("test", count=len(test)).write(images[test], labels[test])
    request.writer.describe(source="scikit-learn, bundled (UCI optical recognition of handwritten digits, test part)")
    request.writer.note("the source has no splits: 70 % train, 30 % test, stratified, seed 0")
    request.writer.note("only 1,797 images: scores on them are indicative")
