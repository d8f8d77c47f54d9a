"""Features that need neither weights nor labels: pixels, rows as they are, a random network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import ExtractorSpec, hookimpl, option

__all__ = ["RandomVggConfig", "genharness_extractors"]


@dataclass(frozen=True)
class RandomVggConfig:
    """Options of the random network."""

    size: int | None = option(
        None, low=32, high=512, help="side in pixels to which images are resized; none is the data's, from 32 to 224"
    )
    features: int = option(64, low=2, high=4096, help="width of the last layer")


@hookimpl
def genharness_extractors() -> Sequence[ExtractorSpec]:
    """Return the extractors."""
    return [
        ExtractorSpec(
            name="pixels",
            summary="Pixel levels over 256, flattened: ties stay exact; for tiny images and for checks",
            factory="genharness_features_basic.plain:Pixels",
        ),
        ExtractorSpec(
            name="identity",
            summary="Rows as they are: features that somebody else extracted, or tables without labels",
            factory="genharness_features_basic.plain:Identity",
            modalities=("tabular",),
            auto_rank=9,
        ),
        ExtractorSpec(
            name="random-vgg16",
            summary="VGG16 of random weights, last layer of 64: for domains far from ImageNet (Naeem et al. 2020)",
            factory="genharness_features_basic.random_vgg:RandomVgg16",
            config=RandomVggConfig,
            resizes=("clean", "legacy-tf", "legacy-torch"),
            auto_rank=8,  # pictures without labels, where Inception's weights are not at hand
        ),
    ]
