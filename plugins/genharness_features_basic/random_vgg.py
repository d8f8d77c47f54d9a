"""VGG16 with random weights and a narrow last layer.

Naeem et al. 2020 (arXiv 2002.09797, section 4 and appendix) embed images far from ImageNet by a randomly
initialised VGG16 whose second fully connected layer (fc2) gives 64 dimensions.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.models import vgg16  # type: ignore[import-untyped]  # torchvision ships no types

from genharness import DataError
from genharness.kit import Extracted, Extractor, ExtractorContext
from genharness.kit.resize import RESIZES, resize
from genharness.kit.tiles import full_precision
from genharness_features_basic import RandomVggConfig

__all__ = ["RandomVgg16"]

_BATCH = 16


class RandomVgg16(Extractor):
    """Random features: the seed of the protocol fixes the weights.

    The last layer gives its values before the ReLU, which would silence about half of 64 random units for good.
    """

    def __init__(self, context: ExtractorContext, config: RandomVggConfig) -> None:
        super().__init__(context, config)
        self._resize, self._size = context.resize or RESIZES[0], config.size
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

    @torch.inference_mode()
    def extract(self, samples: NDArray[Any]) -> Extracted:
        """Return `(n, 64)` of uint8 images `(n, 1 or 3, h, w)`.

        Raises:
            DataError: If the samples are something else.
        """
        if samples.dtype != np.uint8 or samples.ndim != 4 or samples.shape[1] not in (1, 3):
            raise DataError(
                f"extractor random-vgg16 reads uint8 images (n, 1 or 3, h, w), not {samples.dtype} {samples.shape}"
            )
        with full_precision(self.context.device):
            parts = [self._embed(samples[start : start + _BATCH]) for start in range(0, len(samples), _BATCH)]
        return Extracted(torch.cat(parts).numpy())

    def _embed(self, samples: NDArray[Any]) -> Tensor:
        images = torch.from_numpy(np.array(samples)).to(self.context.device)
        images = resize(images, self._size, self._resize).expand(-1, 3, -1, -1)
        features: Tensor = self._network(images / 127.5 - 1)
        return features.float().cpu()
