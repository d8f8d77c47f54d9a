"""VGG16 with random weights and a narrow last layer.

Naeem et al. 2020 (arXiv 2002.09797, section 4 and appendix) embed images far from ImageNet by a randomly
initialised VGG16 whose second fully connected layer (fc2) gives 64 dimensions.
"""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor, nn
from torchvision.models import vgg16  # type: ignore[import-untyped]  # torchvision ships no types

from genharness.kit import ExtractorContext
from genharness.kit.image_extractor import ImageExtractor
from genharness.kit.resize_conventions import RESIZES, resize
from genharness_features_basic import RandomVggConfig

__all__ = ["RandomVgg16"]

_SMALLEST, _LARGEST = 32, 224
"""Sides in pixels: VGG16 halves five times, and was made for 224."""


def _size_of(context: ExtractorContext) -> int:
    """Return the side to which images are resized: the data's, for enlarging adds nothing but work.

    Images of 32 pixels at 224 take 37 times the operations (`benchmarks/bench_random_vgg.py`).
    """
    if context.data is None or context.data.shape.modality != "image":
        return _LARGEST
    return min(max(context.data.shape.height, context.data.shape.width, _SMALLEST), _LARGEST)


class RandomVgg16(ImageExtractor):
    """Random features: the seed of the protocol fixes the weights.

    The last layer gives its values before the ReLU, which would silence about half of 64 random units for good.
    """

    name = "random-vgg16"

    def __init__(self, context: ExtractorContext, config: RandomVggConfig) -> None:
        super().__init__(context, config)
        self._resize, self._size = context.resize or RESIZES[0], config.size or _size_of(context)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(context.seed)
            network = vgg16(weights=None, init_weights=True)
            last = nn.Linear(4096, config.features)
            nn.init.normal_(last.weight, std=4096**-0.5)
            nn.init.zeros_(last.bias)
        network.classifier = nn.Sequential(network.classifier[0], nn.ReLU(), last)  # fc1, fc2; no dropout, no fc3
        self._network = network.eval().requires_grad_(False).to(context.device, memory_format=torch.channels_last)
        self._identity = self._fingerprint(last)

    def _fingerprint(self, last: nn.Linear) -> str:
        """Hash the first and the last weights drawn, and what else the features depend on."""
        first = self._network.features[0].weight
        digest = hashlib.sha256(f"{self._size} {self.context.seed}".encode())
        for weights in (first, last.weight):
            digest.update(weights.contiguous().cpu().numpy().tobytes())
        return digest.hexdigest()[:16]

    @property
    def identity(self) -> str:
        """Hash of seed, size and weights."""
        return self._identity

    def embed(self, images: Tensor) -> Tensor:
        """Return the values of the last layer `(n, 64)`."""
        features: Tensor = self._network(resize(images, self._size, self._resize).expand(-1, 3, -1, -1) / 127.5 - 1)
        return features
