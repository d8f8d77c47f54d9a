"""Extractors of pictures that embed one batch after the other."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.errors import DataError
from genharness.functional.parallel import exact_convolutions, full_precision
from genharness.kit.extractor import Extracted, Extractor

__all__ = ["ImageExtractor", "check_images"]


def check_images(name: str, samples: NDArray[Any]) -> None:
    """Refuse samples that are no pictures.

    Args:
        name: Of the extractor, for the message.
        samples: Should be uint8 `(n, 1 or 3, h, w)`, none of them empty.

    Raises:
        DataError: If they are something else.
    """
    if samples.dtype != np.uint8 or samples.ndim != 4 or samples.shape[1] not in (1, 3) or samples.size == 0:
        raise DataError(
            f"extractor {name} reads uint8 images (n, 1 or 3, height, width), and these samples are "
            f"{samples.dtype} {samples.shape}: choose another extractor with --features"
        )


class ImageExtractor(Extractor):
    """An extractor without logits, which says how a batch is embedded.

    Attributes:
        name: Its name, for messages.
        batch_size: Images at a time.
    """

    name: str
    batch_size: int = 16

    @abstractmethod
    def embed(self, images: Tensor) -> Tensor:
        """Return features `(n, d)` of uint8 images `(n, 1 or 3, h, w)` on the extractor's device."""

    @torch.inference_mode()
    def extract(self, samples: NDArray[Any]) -> Extracted:
        """Return features `(n, d)` of uint8 images `(n, 1 or 3, h, w)`.

        Raises:
            DataError: If the samples are something else.
        """
        check_images(self.name, samples)
        device = self.context.device
        with full_precision(device), exact_convolutions():
            parts = [
                self.embed(torch.from_numpy(np.array(samples[start : start + self.batch_size])).to(device))
                .float()
                .cpu()
                for start in range(0, len(samples), self.batch_size)
            ]
        return Extracted(torch.cat(parts).numpy())
