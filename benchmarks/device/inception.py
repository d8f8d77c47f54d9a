"""Throughput of Inception with random weights: what they are does not change how long they take."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from random_inception import random_extractor, random_weights


def features(device: str, small: bool) -> dict[str, float]:
    """Return images of 32 pixels a second, from uint8 arrays to features on the host."""
    random = np.random.default_rng(0)
    count = 4 if small else 4096 if device.startswith("cuda") else 64
    with tempfile.TemporaryDirectory() as folder:
        extractor = random_extractor(random_weights(Path(folder)), torch.device(device))
        images = random.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)
        extractor.extract(images[: max(2, count // 8)])  # kernels are chosen
        start = time.perf_counter()
        found = extractor.extract(images).features
        seconds = time.perf_counter() - start
    if not np.isfinite(found).all():
        raise ValueError("features are not finite")
    return {"images_per_second": count / seconds, "images": float(count)}
