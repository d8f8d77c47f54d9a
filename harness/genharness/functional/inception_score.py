"""The Inception Score, of any classifier's logits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_features, check_whole, legacy_seed

__all__ = ["InceptionScore", "inception_score"]


@dataclass(frozen=True, slots=True)
class InceptionScore:
    """Mean and standard deviation (over n) of the score of the splits; each score is in 1..classes."""

    mean: float
    std: float


def inception_score(logits: ArrayLike, *, splits: int = 10, shuffle: bool = True, seed: int = 2020) -> InceptionScore:
    """Return exp(E KL(p(y|x) || p(y))), computed for each split on its own.

    Salimans et al. 2016, "Improved Techniques for Training GANs", section 4. Splits, shuffling and its default seed
    are those of torch-fidelity, so that both give the same number.

    Args:
        logits: `(n, classes)`, on any device; softmax is taken in float64.
        splits: Into how many consecutive parts the samples are cut, in 1..n.
        shuffle: Whether to shuffle samples first; sorted ones would otherwise give splits of few classes.
        seed: Of the shuffling.

    Returns:
        The score.

    Raises:
        TypeError: `logits` are not real numbers, or `splits` is no whole number.
        ValueError: `logits` are not a matrix, empty or not finite; or `splits` is not in 1..n.

    Example:
        >>> sure = 1000 * np.eye(10)  # (n, classes): each of ten classes once, without a doubt
        >>> score = inception_score(sure, splits=1)
        >>> round(score.mean, 6)
        10.0
        >>> inception_score(np.zeros((10, 10)), splits=1).mean  # no class is likelier than another
        1.0
    """
    rows = as_features(logits, "logits")
    if check_whole(splits, "splits") > len(rows):
        raise NotDefinedError(f"splits must be at most the number of samples {len(rows)}, not {splits}")
    if shuffle:
        order = np.random.RandomState(legacy_seed(seed)).permutation(len(rows))  # torch-fidelity's
        rows = rows[torch.from_numpy(order).to(rows.device)]
    bounds = [i * len(rows) // splits for i in range(splits + 1)]
    with torch.no_grad():
        scores = [_score(rows[start:end]) for start, end in pairwise(bounds)]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))


def _score(logits: Tensor) -> float:
    log_p = logits.double().log_softmax(dim=1)
    p = log_p.exp()
    # E KL = H(E p) - E H(p); torch.special.entr(0) = 0 where a class has underflowed
    divergence = torch.special.entr(p.mean(dim=0)).sum() + (p * log_p).sum(dim=1).mean()
    return float(divergence.exp())
