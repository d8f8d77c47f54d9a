"""Resizing to 299 pixels beside clean-fid (PIL), torch-fidelity (TensorFlow 1) and pytorch-fid: read the ratios.

    pytest benchmarks/bench_resize.py

On a busy machine, `OMP_NUM_THREADS=1` and `--benchmark-timer=time.process_time` compare processor time instead.
Each call resizes 8 colour images, after which memory is reused as in an extractor's batches.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from cleanfid.resize import build_resizer
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

from genharness.kit.resize_conventions import resize

COUNT, SIDE = 8, 299


def clean_fid(images):
    resizer = build_resizer("clean")
    resized = [resizer(image) for image in images.permute(0, 2, 3, 1).numpy()]
    return torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2)


def torch_fidelity(images):
    return interpolate_bilinear_2d_like_tensorflow1x(images.float(), (SIDE, SIDE), align_corners=False)


def pytorch_fid(images):
    return F.interpolate(images.float(), (SIDE, SIDE), mode="bilinear", align_corners=False)


PEERS = {"clean": clean_fid, "legacy-tf": torch_fidelity, "legacy-torch": pytorch_fid}


@pytest.mark.parametrize("who", ["peer", "ours"])
@pytest.mark.parametrize("side", [28, 32, 64, 128, 256, 512])
@pytest.mark.parametrize("convention", PEERS)
def test_resize(benchmark, convention, side, who):
    benchmark.group = f"{convention} {side} -> {SIDE}"
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (COUNT, 3, side, side), dtype=np.uint8))
    peer = PEERS[convention]
    benchmark.name = peer.__name__ if who == "peer" else "ours"
    resized = benchmark(peer if who == "peer" else lambda batch: resize(batch, SIDE, convention), images)
    assert (resized - peer(images)).abs().max() < 0.02
