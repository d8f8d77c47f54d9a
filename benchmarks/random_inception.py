"""Inception with random weights, in the format of the published ones: for how long it takes, not for what it finds."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from unittest import mock

import torch
from torch import nn

from genharness import NoOptions
from genharness.kit import ExtractorContext
from genharness_features_inception import WEIGHTS, extractor
from genharness_features_inception.network import InceptionNetwork


def random_weights(folder: Path) -> Path:
    """Write a file of random weights and return it."""
    torch.manual_seed(0)
    state = {}
    for block, layers in InceptionNetwork().blocks.named_children():
        for layer in layers.modules():
            if isinstance(layer, nn.Conv2d):
                path = f"{block}.{layer.key}".rstrip(".")
                norm = nn.BatchNorm2d(layer.out_channels)
                state[f"{path}.conv.weight"] = nn.init.kaiming_normal_(torch.empty_like(layer.weight))
                state |= {f"{path}.bn.{name}": value for name, value in norm.state_dict().items()}
    file = folder / "random.pth"
    torch.save(state | {"fc.weight": torch.randn(1008, 2048) / 45, "fc.bias": torch.randn(1008)}, file)
    return file


def random_extractor(weights: Path, device: torch.device) -> extractor.InceptionExtractor:
    """Return the extractor with the weights of a file, which is taken for the published one."""
    promised = dataclasses.replace(WEIGHTS, sha256=hashlib.sha256(weights.read_bytes()).hexdigest())
    with mock.patch.object(extractor, "WEIGHTS", promised):
        return extractor.InceptionExtractor(
            ExtractorContext(device=device, resize="legacy-tf", weights=weights), NoOptions()
        )
