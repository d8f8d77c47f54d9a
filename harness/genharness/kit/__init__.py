"""Torch blocks, contracts and the mathematics of metrics, for authors of plugins."""

from genharness.kit.evaluation import Evaluation, Metric, Reconstructions
from genharness.kit.extractor import Extracted, Extractor, ExtractorContext
from genharness.kit.model import (
    Batch,
    Decodes,
    Encodes,
    FitsData,
    GenerativeModel,
    HasLikelihood,
    HasPosterior,
    Interpolates,
    Reconstructs,
)
from genharness.kit.start import StartsFromData

__all__ = [
    "Batch",
    "Decodes",
    "Encodes",
    "Evaluation",
    "Extracted",
    "Extractor",
    "ExtractorContext",
    "FitsData",
    "GenerativeModel",
    "HasLikelihood",
    "HasPosterior",
    "Interpolates",
    "Metric",
    "Reconstructions",
    "Reconstructs",
    "StartsFromData",
]
