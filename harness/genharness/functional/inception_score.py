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
    """The score of the splits.

    Attributes:
        mean: Mean over splits, each in 1..classes.
        std: Standard deviation over splits (over n, as torch-fidelity).
        error: Standard error of the mean over other samples, by the infinitesimal jackknife: the divergence of a sample
            from its split's mean prediction is its influence on the logarithm of the split's score.
    """

    mean: float
    std: float
    error: float


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
        scores, errors = zip(*(_score(rows[start:end]) for start, end in pairwise(bounds)), strict=True)
    error = float(np.sqrt(np.square(errors).sum())) / splits
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)), error)


def _score(logits: Tensor) -> tuple[float, float]:
    """Return the score of a split and its error."""
    log_p = logits.double().log_softmax(dim=1)
    p = log_p.exp()
    # E KL = H(E p) - E H(p); torch.special.entr(0) = 0 where a class has underflowed
    middle = p.mean(dim=0)
    divergence = torch.special.entr(middle).sum() + (p * log_p).sum(dim=1).mean()
    score = float(divergence.exp())
    influence = (p * log_p).sum(dim=1) - p @ middle.clamp(min=torch.finfo(middle.dtype).tiny).log()
    return score, score * float(influence.std(correction=0)) / len(p) ** 0.5
