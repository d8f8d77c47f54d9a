"""Inception features of 32-pixel images, end to end, beside torch-fidelity with the same weights: read the ratio.

    pytest benchmarks/bench_inception.py

On a busy machine, `OMP_NUM_THREADS=1` and `--benchmark-timer=time.process_time` compare processor time instead.
Random weights: what they are does not change how long they take. CUDA is measured where there is one.
"""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest
import torch
from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from genharness import NoOptions
from genharness.kit import ExtractorContext
from genharness_features_inception import WEIGHTS, extractor
from genharness_features_inception.network import InceptionNetwork

COUNT = {"cpu": 32, "cuda": 1024}
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def random_state():
    torch.manual_seed(0)
    state = {}
    for block, layers in InceptionNetwork().blocks.named_children():
        for layer in layers.modules():
            if isinstance(layer, nn.Conv2d):
                path = f"{block}.{layer.key}".rstrip(".")
                norm = nn.BatchNorm2d(layer.out_channels)
                state[f"{path}.conv.weight"] = nn.init.kaiming_normal_(torch.empty_like(layer.weight))
                state |= {f"{path}.bn.{name}": value for name, value in norm.state_dict().items()}
    return state | {"fc.weight": torch.randn(1008, 2048) / 45, "fc.bias": torch.randn(1008)}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(random_state(), path)
    return path


@pytest.fixture
def images(device):
    return np.random.default_rng(0).integers(0, 256, (COUNT[device], 3, 32, 32), dtype=np.uint8)


def torch_fidelity(weights, device, monkeypatch):
    names = ["2048", "logits_unbiased"]
    reference = FeatureExtractorInceptionV3("reference", names, feature_extractor_weights_path=str(weights)).to(device)

    @torch.no_grad()
    def run(images):
        batches = torch.from_numpy(images).split(64)  # its default batch
        return torch.cat([reference(batch.to(device))[0].cpu() for batch in batches]).numpy()

    return run


def ours(weights, device, monkeypatch):
    promised = dataclasses.replace(WEIGHTS, sha256=hashlib.sha256(weights.read_bytes()).hexdigest())
    monkeypatch.setattr(extractor, "WEIGHTS", promised)
    context = ExtractorContext(device=torch.device(device), resize="legacy-tf", weights=weights)
    built = extractor.InceptionExtractor(context, NoOptions())
    return lambda images: built.extract(images).features


@pytest.mark.parametrize("who", [torch_fidelity, ours])
@pytest.mark.parametrize("device", DEVICES)
def test_inception(benchmark, weights, images, device, who, monkeypatch):
    benchmark.group = f"{len(images)} images of 32 pixels, {device}"
    benchmark.name = who.__name__
    run = who(weights, device, monkeypatch)
    features = benchmark.pedantic(run, (images,), rounds=3, warmup_rounds=1)
    assert features.shape == (len(images), 2048)
