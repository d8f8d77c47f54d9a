"""Features by the dataset's own classifier: for domains where ImageNet features mean little, and offline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import ExtractorSpec, hookimpl, option

__all__ = ["ClassifierConfig", "genharness_extractors"]


@dataclass(frozen=True)
class ClassifierConfig:
    """Options of the classifier."""

    features: int = option(64, low=8, high=512, help="width of the penultimate layer, the features")
    width: int = option(
        16, low=4, high=256, help="channels of the first block, doubled in the later ones; twice as many for colours"
    )
    steps: int = option(500, low=10, high=100_000, help="training steps at most; three times as many for colours")
    epochs: int = option(40, low=1, high=1000, help="training epochs at most")
    batch_size: int = option(64, low=2, high=4096, help="training batch")
    lr: float = option(6e-3, above=0, high=1, help="peak learning rate of the one-cycle schedule")


@hookimpl
def genharness_extractors() -> Sequence[ExtractorSpec]:
    """Return the classifier."""
    return [
        ExtractorSpec(
            name="classifier",
            summary="The dataset's own classifier, trained once on its labels; needs no network",
            factory="genharness_features_classifier.extractor:ClassifierExtractor",
            config=ClassifierConfig,
            caches=("classifiers",),
            modalities=("image", "tabular"),
            needs_labels=True,
            has_logits=True,
            auto_rank=2,
        )
    ]
