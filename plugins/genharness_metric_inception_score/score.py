"""The score over an evaluation's logits."""

from __future__ import annotations

from collections.abc import Mapping

from genharness import ConfigError
from genharness.functional.inception_score import inception_score
from genharness.kit import Evaluation
from genharness_metric_inception_score import InceptionScoreConfig

__all__ = ["LogitScore"]

ENOUGH_A_SPLIT = 1000


class LogitScore:
    """Salimans et al. 2016, section 4. Only over Inception's logits is it called the Inception Score."""

    def __init__(self, config: InceptionScoreConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return mean and standard deviation over splits, each score in [1, classes].

        Splits of fewer than 1,000 samples bias it downwards: then also `score_split_samples`, how many they have.
        """
        logits = evaluation.extracted("fake").logits
        if logits is None:
            raise ConfigError(f"extractor {evaluation.extractor} gives no class logits")
        splits = min(self.config.splits, len(logits))
        found = inception_score(logits, splits=splits)
        name = "is" if evaluation.extractor == "inception" else "classifier_score"
        evaluation.state_error(name, found.error)
        scores, held = {name: found.mean, f"{name}_std": found.std}, len(logits) // splits
        return scores if held >= ENOUGH_A_SPLIT else scores | {"score_split_samples": float(held)}
