"""Class modes and bins over an evaluation."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genharness import ConfigError, NoOptions
from genharness.functional.modes import RealBins, bin_statistics, class_modes, real_bins
from genharness.kit import Evaluation
from genharness.kit.sampling_errors import half_sample_errors, share_error
from genharness_metric_modes import BinsConfig, ModesConfig

__all__ = ["Bins", "ClassAccuracy", "Modes"]


class Modes:
    """Class frequencies of generated samples beside those of real ones, both as the classifier predicts them."""

    def __init__(self, config: ModesConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return modes covered, KL divergence (nats) and total variation to the real class distribution."""
        real, fake = evaluation.posteriors("real"), evaluation.posteriors("fake")
        classes = real.shape[1]
        real_counts = np.bincount(real.argmax(axis=1), minlength=classes)
        seen = fake.argmax(axis=1)

        def scores(samples: NDArray[np.int64]) -> dict[str, float]:
            counts = np.bincount(samples, minlength=classes)
            found = class_modes(real_counts, counts, threshold=self.config.threshold)
            return {"modes_covered": found.covered, "mode_kl": found.kl, "mode_tv": found.total_variation}

        found = scores(seen)
        if len(seen) > 1:
            errors = functools.cache(lambda: half_sample_errors(lambda half: scores(seen[half]), len(seen)))
            for key in found:
                evaluation.state_error(key, functools.partial(lambda one: errors()[one], key))
        return found


class ClassAccuracy:
    """How often a class-conditional model makes the class that it is asked for."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return the share in [0, 1] of samples whose likeliest class is the one asked for."""
        asked = evaluation.labels("fake")
        if asked is None:
            raise ConfigError("no classes were asked for: give them with --labels")
        predicted = evaluation.posteriors("fake").argmax(axis=1)
        accuracy = float((predicted == asked).mean())
        evaluation.state_error("class_accuracy", share_error(accuracy, len(asked)))
        return {"class_accuracy": accuracy}


class Bins:
    """Richardson and Weiss 2018, in feature space."""

    def __init__(self, config: BinsConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return the share of different bins, the Jensen-Shannon divergence (nats) and the share of bins reached."""
        real, fake = evaluation.features("real"), evaluation.features("fake")
        options = {"bins": max(2, min(self.config.bins, len(real) // 10)), "seed": evaluation.seed}
        evaluation.state("bins", options["bins"])
        kept = evaluation.derived(
            f"k-means bins, {options}", ("real",), lambda: dataclasses.asdict(real_bins(real, **options))
        )
        found = bin_statistics(real, fake, **options, level=self.config.level, known_bins=RealBins(**kept))
        return {"ndb": found.different_share, "jsd": found.jsd, "bin_coverage": found.coverage}
