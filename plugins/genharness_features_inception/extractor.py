"""Images in, Inception features and logits out: grey to colour, resize, network, in batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.files.downloads import in_words
from genharness.files.weights import find_weights, weights_hash
from genharness.functional.parallel import exact_convolutions, full_precision
from genharness.kit import Extracted, Extractor, ExtractorContext
from genharness.kit.image_extractor import check_images
from genharness.kit.resize_conventions import RESIZES, resize
from genharness_features_inception import WEIGHTS
from genharness_features_inception.network import SIDE, load_network

__all__ = ["InceptionExtractor", "InceptionSpatial"]

_BATCH = {"cpu": 16, "cuda": 128}
"""Images at a time; on the CPU 8 to 16 are fastest, being what caches and allocators like (benchmarks)."""


class _Inception(Extractor):
    """Images through the network, in batches."""

    name = "inception"

    def __init__(self, context: ExtractorContext, config: Any) -> None:
        super().__init__(context, config)
        self._resize = context.resize or RESIZES[0]
        path = find_weights(WEIGHTS, context.weights, in_words(context.report, WEIGHTS.filename))
        self._network = load_network(path).to(context.device)
        self._identity = weights_hash(path)

    @property
    def identity(self) -> str:
        """SHA-256 of the weights."""
        return self._identity

    @torch.inference_mode()
    def _outputs(self, samples: NDArray[Any], through: Callable[[Tensor], tuple[Tensor, ...]]) -> list[Tensor]:
        """Return what a function of resized images gives, batch by batch.

        Raises:
            DataError: If the samples are no images.
        """
        check_images(self.name, samples)
        batch = _BATCH.get(self.context.device.type, 32)
        with full_precision(self.context.device), exact_convolutions():
            parts = [through(self._read(samples[start : start + batch])) for start in range(0, len(samples), batch)]
        return [torch.cat([one.cpu() for one in outputs]) for outputs in zip(*parts, strict=True)]

    def _read(self, samples: NDArray[Any]) -> Tensor:
        images = torch.from_numpy(np.array(samples)).to(self.context.device)
        return resize(images, SIDE, self._resize).expand(-1, 3, -1, -1)  # grey: three equal channels


class InceptionExtractor(_Inception):
    """The 2048 pooled features, and the logits without bias that published Inception Scores are made of.

    Salimans et al. 2016 (arXiv 1606.03498) took the softmax of logits whose bias had been left out; so do all
    implementations that agree with it.
    """

    def extract(self, samples: NDArray[Any]) -> Extracted:
        """Return features `(n, 2048)` and logits `(n, 1008)` of uint8 images `(n, 1 or 3, h, w)`.

        Raises:
            DataError: If the samples are something else.
        """

        def through(images: Tensor) -> tuple[Tensor, Tensor]:
            pooled = self._network.pool(images)
            return pooled, self._network.logits(pooled, unbiased=True)

        features, logits = self._outputs(samples, through)
        return Extracted(features.numpy(), logits.numpy())


class InceptionSpatial(_Inception):
    """The 2023 spatial features that sFID compares, those of OpenAI's evaluation of diffusion models."""

    name = "inception-spatial"

    def extract(self, samples: NDArray[Any]) -> Extracted:
        """Return features `(n, 2023)` of uint8 images `(n, 1 or 3, h, w)`.

        Raises:
            DataError: If the samples are something else.
        """
        (features,) = self._outputs(samples, lambda images: (self._network.spatial(images),))
        return Extracted(features.numpy())
