"""Inception features of 32-pixel images, end to end, beside torch-fidelity with the same weights: read the ratio.

    pytest benchmarks/bench_inception.py

On a busy machine, `OMP_NUM_THREADS=1` and `--benchmark-timer=time.process_time` compare processor time instead.
Random weights: what they are does not change how long they take. CUDA is measured where there is one.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from random_inception import random_extractor, random_weights
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

COUNT = {"cpu": 32, "cuda": 1024}
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return random_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def images(device):
    return np.random.default_rng(0).integers(0, 256, (COUNT[device], 3, 32, 32), dtype=np.uint8)


def torch_fidelity(weights, device):
    names = ["2048", "logits_unbiased"]
    reference = FeatureExtractorInceptionV3("reference", names, feature_extractor_weights_path=str(weights)).to(device)

    @torch.no_grad()
    def run(images):
        batches = torch.from_numpy(images).split(64)  # its default batch
        return torch.cat([reference(batch.to(device))[0].cpu() for batch in batches]).numpy()

    return run


def ours(weights, device):
    built = random_extractor(weights, torch.device(device))
    return lambda images: built.extract(images).features


@pytest.mark.parametrize("who", [torch_fidelity, ours])
@pytest.mark.parametrize("device", DEVICES)
def test_inception(benchmark, weights, images, device, who):
    benchmark.group = f"{len(images)} images of 32 pixels, {device}"
    benchmark.name = who.__name__
    run = who(weights, device)
    features = benchmark.pedantic(run, (images,), rounds=3, warmup_rounds=1)
    assert features.shape == (len(images), 2048)
