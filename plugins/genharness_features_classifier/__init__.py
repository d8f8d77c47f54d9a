"""The dataset's own classifier: its features, and what it learns from generated samples.

For domains where ImageNet features mean little, and offline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, ExtractorSpec, MetricSpec, hookimpl, option

__all__ = ["CasConfig", "ClassifierConfig", "genharness_extractors", "genharness_metrics"]


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


@dataclass(frozen=True)
class CasConfig(ClassifierConfig):
    """Options of the classifiers that are trained on samples: the same recipe."""

    runs: int = option(3, low=1, high=100, help="classifiers that the scores are means of")


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metric. It is no default: it trains a dozen classifiers."""
    return [
        MetricSpec(
            name="cas",
            summary="Held-out accuracy of a classifier that is trained on class-conditional samples alone",
            place=36,
            factory="genharness_features_classifier.cas:Cas",
            config=CasConfig,
            columns=(
                Column(key="cas", title="CAS", higher_is_better=True, resolution="cas_tested", wide=True),
                Column(key="cas_real", title="CAS of real", wide=True),
                Column(key="cas_ratio", title="CAS ratio", higher_is_better=True, wide=True),
                Column(key="cas_worst_class", title="CAS, worst class", higher_is_better=True, wide=True),
                Column(key="cas_auroc", title="CAS AUROC", higher_is_better=True, wide=True),
                Column(key="cas_auroc_real", title="CAS AUROC of real", wide=True),
            ),
            needs=("labels", "train", "test", "conditions"),
            modalities=("image", "tabular"),
            paper="Ravuri and Vinyals 2019, arXiv:1905.10887",
            default=False,
            self_check={"runs": 1, "epochs": 20},
        )
    ]


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
