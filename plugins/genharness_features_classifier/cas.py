"""Class accuracy of a classifier that is trained on samples: are they good enough to learn the classes from?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor

from genharness import ConfigError, DataShape
from genharness.engine.feed import to_unit_range
from genharness.engine.random_state import undisturbed
from genharness.kit import Evaluation
from genharness.kit.equal_counts import draw_of
from genharness_features_classifier import CasConfig
from genharness_features_classifier.recipe import CPU, fitted, outputs, repeatable

__all__ = ["Cas"]

_HALVINGS = 4
"""Times that the samples are halved for the errors."""
_SCORES = ("accuracy", "auroc", "worst")
_FEWEST = 4
"""Samples that can be halved and trained on."""


class Cas:
    """Ravuri and Vinyals 2019, section 3: trained on generated samples and their classes, tested on held-out real ones.

    As many generated as real samples, the smaller number of both. The paper's is that of the training split: generate
    so many for it.
    """

    def __init__(self, config: CasConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return accuracies in [0, 1], means over runs, beside those that as many training samples give.

        The accuracy within each class is stated as a fact. Of two classes also the areas under the ROC curve, which no
        threshold enters.
        """
        test = _Labelled.of(evaluation, "test")
        count = min(len(evaluation.samples("train")), len(evaluation.samples("fake")))
        fake, train = (_Labelled.of(evaluation, which, count) for which in ("fake", "train"))
        classes = max(len(evaluation.class_names), *(1 + int(one.labels.max()) for one in (train, test)))
        if int(fake.labels.max()) >= classes:
            raise ConfigError(f"class {int(fake.labels.max())} was asked for, and the data has {classes}")
        contest = _Contest(self.config, classes, test, evaluation.seed)
        kept = evaluation.derived(
            f"classifiers trained on real samples, {self.config} count={count} seed={evaluation.seed}",
            ("train", "test"),
            lambda: contest.runs(train),
        )
        runs = contest.runs(fake)
        _state(evaluation, runs, count, len(test.labels))
        scores, real = _means(runs), _means(kept)
        for key, error in contest.errors(fake, real["accuracy"]).items():
            evaluation.state_error(key, error)
        return {
            "cas": scores["accuracy"],
            "cas_real": real["accuracy"],
            "cas_ratio": scores["accuracy"] / real["accuracy"] if real["accuracy"] else math.nan,
            "cas_worst_class": scores["worst"],
            "cas_auroc": scores["auroc"],
            "cas_auroc_real": real["auroc"],
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Labelled:
    """Samples `(n, ...)` and their classes `(n,)`."""

    samples: NDArray[Any]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, evaluation: Evaluation, which: Any, most: int = 0) -> _Labelled:
        """Return a draw of a set."""
        drawn, labels = draw_of(evaluation, which, most), evaluation.labels(which)
        if labels is None:
            wanted = "give them with --labels" if which == "fake" else "a classifier cannot be trained or tested"
            raise ConfigError(f"the {which} samples have no classes: {wanted}")
        return cls(drawn.of(evaluation.samples(which)), drawn.of(labels))

    def rows(self, chosen: NDArray[np.int64]) -> _Labelled:
        """Return some of them."""
        return _Labelled(self.samples[chosen], self.labels[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class _Contest:
    """Training on some samples, and testing on held-out ones."""

    config: CasConfig
    classes: int
    test: _Labelled
    seed: int

    def runs(self, train: _Labelled) -> dict[str, NDArray[np.float64]]:
        """Return what the classifiers of all runs score: `by_class` `(runs, classes)`, the others `(runs,)`."""
        found = [self._one(train, run) for run in range(self.config.runs)]
        return {key: np.array([one[key] for one in found]) for key in found[0]}

    def errors(self, fake: _Labelled, real: float) -> dict[str, Any]:
        """Return the errors of the scores, as functions that train on halves of the samples.

        Two classifiers of two halves differ by twice the variance of one, which is twice that of samples and once that
        of training; a quarter of the squared difference is the error of all samples, and half that of one training.
        """

        @cache
        def errors() -> dict[str, float]:
            rng = np.random.default_rng([self.seed, 59])
            pairs = []
            for at in range(_HALVINGS):
                halves = np.array_split(rng.permutation(len(fake.labels)), 2)
                pairs.append([self._one(fake.rows(half), 1000 + 2 * at + side) for side, half in enumerate(halves)])
            squares = {key: [(one[key] - two[key]) ** 2 for one, two in pairs] for key in _SCORES}
            return {key: math.sqrt(float(np.mean(values)) / 4) for key, values in squares.items()}

        def error(score: str, scale: float) -> float:
            return scale * errors()[score] if len(fake.labels) >= _FEWEST else math.nan

        return {
            "cas": partial(error, "accuracy", 1.0),
            "cas_ratio": partial(error, "accuracy", 1 / real if real else math.nan),
            "cas_worst_class": partial(error, "worst", 1.0),
            "cas_auroc": partial(error, "auroc", 1.0),
        }

    def _one(self, train: _Labelled, run: int) -> dict[str, Any]:
        logits = self._logits(train, int(np.random.default_rng([self.seed, run]).integers(2**31)))
        right, labels = logits.argmax(1) == self.test.labels, self.test.labels
        of_class = np.bincount(labels, minlength=self.classes)
        hits = np.bincount(labels, right, minlength=self.classes)
        by_class = np.divide(hits, of_class, out=np.full(self.classes, np.nan), where=of_class > 0)
        worst = np.nanmin(by_class)
        return {"accuracy": right.mean(), "by_class": by_class, "worst": worst, "auroc": _auroc(logits, labels)}

    def _logits(self, train: _Labelled, seed: int) -> NDArray[np.float32]:
        images, shape = train.samples.dtype == np.uint8, train.samples.shape[1:]
        data = DataShape("image" if images else "tabular", shape, self.classes, len(train.labels))
        size = min(self.config.batch_size, len(train.labels))
        if size < 2:
            raise ConfigError("a classifier cannot be trained on one sample")
        feed = _Feed(train, size, seed)
        with undisturbed(), repeatable(data), torch.enable_grad():
            network = fitted(data, self.config, feed.batch, feed.steps_per_epoch, seed)
            logits = outputs(network, self.test.samples, CPU).logits
        assert logits is not None
        return logits


class _Feed:
    """Batches of samples that are held in memory, in a new order every epoch."""

    def __init__(self, train: _Labelled, size: int, seed: int) -> None:
        self._train, self._size, self._seed = train, size, seed
        self.steps_per_epoch = len(train.labels) // size
        self._order = cache(self._drawn)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Return images in [-1, 1] or rows, and classes."""
        epoch, place = divmod(step, self.steps_per_epoch)
        chosen = self._order(epoch)[place * self._size : (place + 1) * self._size]
        samples, labels = (torch.from_numpy(one[chosen]) for one in (self._train.samples, self._train.labels))
        return to_unit_range(samples) if samples.dtype == torch.uint8 else samples.float(), labels

    def _drawn(self, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng([self._seed, epoch]).permutation(len(self._train.labels))


def _auroc(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the area under the ROC curve of two classes; NaN with more, or where one is missing."""
    if logits.shape[1] != 2 or len(np.unique(labels)) != 2:
        return math.nan
    return float(roc_auc_score(labels, logits[:, 1].astype(np.float64) - logits[:, 0]))


def _means(runs: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    return {key: float(runs[key].mean()) for key in _SCORES}


def _state(evaluation: Evaluation, runs: Mapping[str, NDArray[Any]], count: int, tested: int) -> None:
    evaluation.state("cas_samples", count)
    evaluation.state("cas_tested", tested * len(runs["accuracy"]))
    for index, accuracy in enumerate(runs["by_class"].mean(0)):
        evaluation.state(f"cas_class_{index}", float(accuracy))
