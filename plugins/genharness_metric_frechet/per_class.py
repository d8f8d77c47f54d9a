"""The Frechet distance within each class."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genharness import ConfigError, NoOptions
from genharness.errors import NotDefinedError
from genharness.functional.frechet import frechet_distance_from_statistics
from genharness.functional.gaussian import GaussianStatistics
from genharness.kit import Evaluation
from genharness.kit.evaluation import SampleSet
from genharness_metric_frechet.errors import distance_error

__all__ = ["FidPerClass"]

_LEAST = 4

Rows = NDArray[np.float32]


class FidPerClass:
    """Intra FID (Miyato and Koyama 2018, section 5): real samples of a class against as many that were asked for it."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return the mean over classes, the worst, and the mean of held-out samples in the place of generated ones.

        The distance is biased by few samples, and here by those of a class: only beside the last it can be read. Where
        a class has fewer than the features have dimensions, also how many it has to each. The distance of each class
        is stated as a fact.

        Raises:
            NotDefinedError: If a class has fewer than four samples on a side.
        """
        real, fake, test = (_by_class(evaluation, which) for which in ("real", "fake", "test"))
        pairs = {label: _equal(rows, fake.get(label), label, evaluation.seed) for label, rows in real.items()}
        distances = {label: _distance(*pair) for label, pair in pairs.items()}
        for label, distance in distances.items():
            evaluation.state(f"fid_class_{label}", distance)
        errors = functools.cache(lambda: {label: _error(*pair, evaluation.seed) for label, pair in pairs.items()})
        evaluation.state_error(
            "fid_per_class", lambda: math.sqrt(sum(error**2 for error in errors().values())) / len(pairs)
        )
        worst = max(distances, key=distances.__getitem__)
        evaluation.state_error("fid_worst_class", lambda: errors()[worst])
        scores = {
            "fid_per_class": float(np.mean(list(distances.values()))),
            "fid_worst_class": distances[worst],
            "fid_per_class_real": _of_real(real, test, pairs, evaluation.seed),
        }
        per_dimension = min(len(pair[0]) / pair[0].shape[1] for pair in pairs.values())
        return scores if per_dimension >= 1 else scores | {"fid_per_class_samples_per_dimension": per_dimension}


def _by_class(evaluation: Evaluation, which: SampleSet) -> dict[int, Rows]:
    labels = evaluation.labels(which)
    if labels is None:
        wanted = ": give them with --labels" if which == "fake" else ""
        raise ConfigError(f"the {which} samples have no classes{wanted}")
    features = evaluation.features(which)
    return {int(label): features[labels == label] for label in np.unique(labels)}


def _equal(one: Rows, other: Rows | None, label: int, seed: int, most: int | None = None) -> tuple[Rows, Rows]:
    """Return as many rows of both, drawn from the larger.

    Raises:
        NotDefinedError: If there are fewer than four.
    """
    count = min(len(one), 0 if other is None else len(other), most or len(one))
    if other is None or count < _LEAST:
        raise NotDefinedError(f"class {label} has {count} samples on a side: it needs {_LEAST}, so generate more")
    rng = np.random.default_rng([seed, 67, label])
    first, second = (rows[np.sort(rng.choice(len(rows), count, replace=False))] for rows in (one, other))
    return first, second


def _of_real(
    real: Mapping[int, Rows], test: Mapping[int, Rows], pairs: Mapping[int, tuple[Rows, Rows]], seed: int
) -> float:
    """Return the mean over classes for held-out samples; NaN where a class has fewer of them than were scored."""
    if any(len(test.get(label, ())) < len(pair[0]) for label, pair in pairs.items()):
        return math.nan
    of_each = [_distance(*_equal(real[label], test[label], label, seed, len(pair[0]))) for label, pair in pairs.items()]
    return float(np.mean(of_each))


def _distance(real: Rows, fake: Rows) -> float:
    return frechet_distance_from_statistics(GaussianStatistics.fit(real), GaussianStatistics.fit(fake))


def _error(real: Rows, fake: Rows, seed: int) -> float:
    return distance_error(GaussianStatistics.fit(real), GaussianStatistics.fit(fake), fake, seed)
