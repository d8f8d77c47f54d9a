"""Class modes and bins over an evaluation."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from genharness import ConfigError, NoOptions
from genharness.functional.clusters import cells_of
from genharness.functional.modes import RealBins, class_modes, compare_bins, real_bins
from genharness.kit import Evaluation
from genharness.kit.sampling_errors import share_error, state_half_samples
from genharness_metric_modes import BinsConfig, ModesConfig

__all__ = ["Bins", "ClassAccuracy", "Modes"]

_REDRAWS = 100


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
        state_half_samples(evaluation, found, lambda half: scores(seen[half]), len(seen))
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
        known = RealBins(**kept)
        seen = cells_of(fake, torch.from_numpy(known.centres)).numpy()

        def scores(counts: NDArray[np.int64]) -> dict[str, float]:
            found = compare_bins(known.real_counts, counts, level=self.config.level)
            return {"ndb": found.different_share, "jsd": found.jsd, "bin_coverage": found.coverage}

        def counts(cells: NDArray[np.int64]) -> NDArray[np.int64]:
            return np.bincount(cells, minlength=len(known.real_counts))

        found, drawn = scores(counts(seen)), functools.cache(lambda: _redrawn(scores, counts(seen), evaluation.seed))
        for key in ("ndb", "jsd"):
            evaluation.state_error(key, functools.partial(lambda one: drawn()[one], key))
        # A bin that none has reached is reached by no redraw, so that here the samples are halved.
        reached = {"bin_coverage": found["bin_coverage"]}
        state_half_samples(evaluation, reached, lambda half: scores(counts(seen[half])), len(seen))
        return found


def _redrawn(
    scores: Callable[[NDArray[np.int64]], Mapping[str, float]], counts: NDArray[np.int64], seed: int
) -> dict[str, float]:
    """Return how far scores of counts vary when the samples fall into the bins anew, with the shares that they have.

    Tests in each bin lose power with the samples: halves would tell of other numbers.
    """
    rng = np.random.default_rng([seed, 61])
    found = [scores(one) for one in rng.multinomial(counts.sum(), counts / counts.sum(), _REDRAWS)]
    return {key: float(np.std([one[key] for one in found], ddof=1)) for key in found[0]}
