"""Random weights in the layout of the published state dict, and pictures that they tell apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from genharness_features_inception.network import InceptionNetwork, load_network


def _random_state():
    """He-initialised convolutions and batch norms near one, so that signals neither die nor explode."""
    torch.manual_seed(0)
    state = {}
    for block, layers in InceptionNetwork().blocks.named_children():
        for layer in layers.modules():
            if isinstance(layer, torch.nn.Conv2d):
                path, channels = f"{block}.{layer.key}".rstrip("."), layer.out_channels
                state[f"{path}.conv.weight"] = torch.nn.init.kaiming_normal_(torch.empty_like(layer.weight))
                state[f"{path}.bn.weight"] = torch.empty(channels).uniform_(0.8, 1.5)
                state[f"{path}.bn.bias"] = torch.randn(channels) / 5
                state[f"{path}.bn.running_mean"] = torch.randn(channels) / 5
                state[f"{path}.bn.running_var"] = torch.empty(channels).uniform_(0.8, 1.2)
                state[f"{path}.bn.num_batches_tracked"] = torch.tensor(1)
    state["fc.weight"] = torch.randn(1008, 2048) / 45
    state["fc.bias"] = torch.randn(1008)
    return state


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory):
    """A weights file of the published layout with random content."""
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(_random_state(), path)
    return path


@pytest.fixture(scope="session")
def network(random_weights):
    """Our network with the random weights."""
    return load_network(random_weights)


@pytest.fixture(scope="session")
def pictures():
    """Three uint8 images (3, 3, 32, 32): a ramp, a noisy ramp, noise."""
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (3, 3, 32, 32))
    ramp = np.linspace(0, 255, 32)[None, :] * generator.random((3, 1, 1))
    mix = np.array([0.0, 0.4, 1.0])[:, None, None, None]
    return (mix * noise + (1 - mix) * ramp).astype(np.uint8)


@pytest.fixture(scope="session")
def reference(random_weights, pictures):
    """What torch-fidelity makes of the pictures with the random weights, by output name."""
    names = ["2048", "logits_unbiased", "logits"]
    extractor = FeatureExtractorInceptionV3("reference", names, feature_extractor_weights_path=str(random_weights))
    with torch.inference_mode():
        return dict(zip(names, extractor(torch.from_numpy(pictures)), strict=True))
