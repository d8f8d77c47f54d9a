"""The contract of a feature extractor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = ["Extracted", "Extractor", "ExtractorContext"]


@dataclass(frozen=True, slots=True)
class Extracted:
    """What an extractor gives for n samples.

    Attributes:
        features: `(n, d)` float32; float64 where rows of a file are taken as they are.
        logits: Class logits `(n, classes)` float32, or None where the extractor has none.
    """

    features: NDArray[np.float32]
    logits: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class ExtractorContext:
    """What an extractor may need to be built.

    Attributes:
        device: Where it computes.
        data: The dataset that is scored, for extractors that are trained on it; None where there is none.
        resize: Resize convention of the protocol, `""` where the extractor never resizes.
        weights: The user's `--weights` (file or folder), or None to look in the caches.
        seed: Seed of anything random in building it (protocol, not training).
        code: Digest of the code behind it, for what it keeps by its own means: other code must not be given that.
        report: Called with one line about slow work (downloading, training a classifier).
    """

    device: torch.device
    data: PreparedData | None = None
    resize: str = ""
    weights: Path | None = None
    seed: int = 0
    code: str = ""
    report: Callable[[str], None] = field(default=lambda line: None)


class Extractor(ABC):
    """Turns samples into feature vectors. Results must not depend on how samples are batched.

    Args:
        context: Device, dataset, resize, weights.
        config: An instance of the spec's Config.
    """

    def __init__(self, context: ExtractorContext, config: Any) -> None:
        self.context = context
        self.config = config

    @property
    @abstractmethod
    def identity(self) -> str:
        """What makes two extractors give the same features: a hash of weights and options, in hexadecimal.

        It keys the feature caches, together with the options and the code, and stands in the protocol.
        """

    @abstractmethod
    def extract(self, samples: NDArray[Any]) -> Extracted:
        """Return features of uint8 images `(n, c, h, w)` or float32 rows `(n, d)`, any n >= 1."""

    def facts(self) -> Mapping[str, float]:
        """Return numbers that belong in the record, such as `{"classifier_accuracy": 0.97}`."""
        return {}
