"""Tabular metrics over an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from genharness import NoOptions
from genharness.kit import Evaluation
from genharness.kit.sampling_errors import state_half_samples

__all__ = ["Tabular", "accuracy", "column_distances", "correlation_distance"]

_TRAININGS = 20
"""Halves of the synthetic rows that a classifier is trained on, for the error."""


class Tabular:
    """Rows `(n, d)`, standardised, against the reference rows."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return mean Kolmogorov-Smirnov and Wasserstein distances of columns, the correlation distance and accuracies.

        `tstr` is the held-out accuracy of a logistic regression trained on synthetic rows, `trtr` that of one trained
        on real rows; NaN without classes. Rows without classes of their own have no `tstr`, but `unlabelled_rows`: with
        the labels that a classifier of real rows gives them, any cloud of points would score like the real ones.
        """
        real, fake = evaluation.samples("real"), evaluation.samples("fake")

        def scores(rows: NDArray[Any]) -> dict[str, float]:
            ks, wasserstein = column_distances(real, rows)
            return {"ks": ks, "wasserstein": wasserstein, "correlation_distance": correlation_distance(real, rows)}

        found = scores(fake)
        state_half_samples(evaluation, found, lambda half: scores(fake[half]), len(fake))
        return found | _usefulness(evaluation)


def column_distances(real: NDArray[Any], fake: NDArray[Any]) -> tuple[float, float]:
    """Return means over columns of the two-sample Kolmogorov-Smirnov statistic, in [0, 1], and Wasserstein-1 distance.

    Args:
        real: `(n, d)`.
        fake: `(m, d)`.
    """
    pairs = list(zip(real.T, fake.T, strict=True))
    ks = float(np.mean([_kolmogorov_smirnov(one, other) for one, other in pairs]))
    return ks, float(np.mean([wasserstein_distance(one, other) for one, other in pairs]))


def _kolmogorov_smirnov(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the largest difference of two distribution functions; no test is asked for, which is what takes time."""
    values = np.concatenate([one, other])
    shares = [np.searchsorted(np.sort(sample), values, side="right") / len(sample) for sample in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def correlation_distance(real: NDArray[Any], fake: NDArray[Any]) -> float:
    """Return the mean absolute difference of Pearson correlations over pairs of columns, in [0, 2].

    A constant column correlates with nothing: 0.

    Args:
        real: `(n, d)`, d >= 2.
        fake: `(m, d)`.
    """
    upper = np.triu_indices(real.shape[1], k=1)
    difference = np.abs(_correlations(real) - _correlations(fake))[upper]
    return float(difference.mean()) if len(difference) else 0.0


def _correlations(rows: NDArray[Any]) -> NDArray[np.float64]:
    centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    norms = np.sqrt(np.square(centred).sum(axis=0))
    unit = np.divide(centred, norms, out=np.zeros_like(centred), where=norms > 1e-12)
    correlations: NDArray[np.float64] = unit.T @ unit
    return correlations


def _usefulness(evaluation: Evaluation) -> dict[str, float]:
    train_labels, test_labels = evaluation.labels("train"), evaluation.labels("test")
    if train_labels is None or test_labels is None or len(evaluation.class_names) < 2:
        return {"tstr": float("nan"), "trtr": float("nan")}
    fake, fake_labels, test = evaluation.samples("fake"), evaluation.labels("fake"), evaluation.samples("test")
    ceiling = {"trtr": accuracy(evaluation.samples("train"), train_labels, test, test_labels)}
    if fake_labels is None:
        return {"tstr": float("nan"), **ceiling, "unlabelled_rows": float(len(fake))}

    labels = fake_labels

    def useful(half: NDArray[np.int64]) -> dict[str, float]:
        return {"tstr": accuracy(fake[half], labels[half], test, test_labels)}

    found = useful(np.arange(len(fake)))
    state_half_samples(evaluation, found, useful, len(fake), halves=_TRAININGS)
    return found | ceiling


def accuracy(
    train: NDArray[Any], train_labels: NDArray[np.int64], test: NDArray[Any], test_labels: NDArray[np.int64]
) -> float:
    """Return the accuracy on `test` of a logistic regression on `train`; a single class is predicted throughout."""
    if len(np.unique(train_labels)) < 2:
        return float(np.mean(test_labels == train_labels[0]))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return float(model.fit(train, train_labels).score(test, test_labels))
