"""The score over an evaluation's logits."""

from __future__ import annotations

from collections.abc import Mapping

from genharness import ConfigError
from genharness.functional.inception_score import inception_score
from genharness.kit import Evaluation
from genharness_metric_inception_score import InceptionScoreConfig

__all__ = ["LogitScore"]


class LogitScore:
    """Salimans et al. 2016, section 4. Only over Inception's logits is it called the Inception Score."""

    def __init__(self, config: InceptionScoreConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return mean and standard deviation over splits, each score in [1, classes]."""
        logits = evaluation.extracted("fake").logits
        if logits is None:
            raise ConfigError(f"extractor {evaluation.extractor} gives no class logits")
        found = inception_score(logits, splits=min(self.config.splits, len(logits)))
        name = "is" if evaluation.extractor == "inception" else "classifier_score"
        return {name: found.mean, f"{name}_std": found.std}
