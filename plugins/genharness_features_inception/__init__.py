"""Features by the Inception network that published FID, KID and Inception Scores stand on."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ExtractorSpec, Remote, hookimpl

__all__ = ["WEIGHTS", "genharness_extractors"]

WEIGHTS = Remote(
    filename="pt_inception-2015-12-05-6726825d.pth",
    urls=(
        "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    ),
    sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    size=95_628_359,
)
"""TensorFlow's 2015-12-05 weights in PyTorch's format: one file that its two publishers name differently."""


@hookimpl
def genharness_extractors() -> Sequence[ExtractorSpec]:
    """Return the extractors."""
    return [
        ExtractorSpec(
            name="inception",
            summary="InceptionV3 of 2015-12-05 (2048 features, 1008 logits), as published FIDs use",
            factory="genharness_features_inception.extractor:InceptionExtractor",
            resizes=("clean", "legacy-tf", "legacy-torch"),
            weights=WEIGHTS,
            has_logits=True,
            auto_rank=1,
        ),
        ExtractorSpec(
            name="inception-spatial",
            summary="A 17 x 17 map of 7 channels from amid InceptionV3, which sFID compares",
            factory="genharness_features_inception.extractor:InceptionSpatial",
            resizes=("legacy-tf", "clean", "legacy-torch"),  # first what published sFIDs use
            weights=WEIGHTS,
        ),
    ]
