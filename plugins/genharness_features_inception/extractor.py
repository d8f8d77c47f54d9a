"""Images in, Inception features and logits out: grey to colour, resize, network, in batches."""

from __future__ import annotations

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

__all__ = ["InceptionExtractor"]

_BATCH = {"cpu": 16, "cuda": 128}
"""Images at a time; on the CPU 8 to 16 are fastest, being what caches and allocators like (benchmarks)."""


class InceptionExtractor(Extractor):
    """The 2048 pooled features, and the logits without bias that published Inception Scores are made of.

    Salimans et al. 2016 (arXiv 1606.03498) took the softmax of logits whose bias had been left out; so do all
    implementations that agree with it.
    """

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
    def extract(self, samples: NDArray[Any]) -> Extracted:
        """Return features `(n, 2048)` and logits `(n, 1008)` of uint8 images `(n, 1 or 3, h, w)`.

        Raises:
            DataError: If the samples are something else.
        """
        check_images("inception", samples)
        batch = _BATCH.get(self.context.device.type, 32)
        with full_precision(self.context.device), exact_convolutions():
            parts = [self._extract(samples[start : start + batch]) for start in range(0, len(samples), batch)]
        features, logits = (torch.cat(tensors).numpy() for tensors in zip(*parts, strict=True))
        return Extracted(features, logits)

    def _extract(self, samples: NDArray[Any]) -> tuple[Tensor, Tensor]:
        images = torch.from_numpy(np.array(samples)).to(self.context.device)
        images = resize(images, SIDE, self._resize).expand(-1, 3, -1, -1)  # grey: three equal channels
        pooled = self._network.pool(images)
        return pooled.cpu(), self._network.logits(pooled, unbiased=True).cpu()
