"""The brute force of scores that tell copies of training data."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from genharness.kit.equal_counts import draw_of, equal_draws
from genharness.kit.evaluation import SampleSet
from genharness.measure.evaluation import SampleEvaluation
from genharness.verify.base import Options
from genharness.verify.pairwise import Floats, check_rows, distances, features, radii

__all__ = ["copies_brute", "fld_brute", "memorisation_brute", "mifid_brute"]

_LEAST_FAKES = 20
_SETS: tuple[SampleSet, ...] = ("train", "test", "fake")


def memorisation_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Authenticity (Alaa et al. 2022), C_T over the cells that the metric has, the ratio of medians, exact copies."""
    train, test, fake = (features(evaluation, which) for which in _SETS)
    to_train = distances(fake, train)
    nearest, distance = to_train.argmin(axis=1), to_train.min(axis=1)
    usual = float(np.median(np.sqrt(distances(test, train).min(axis=1))))
    found = {
        "authenticity": float((distance > radii(distances(train, train), 1)[nearest]).mean()),
        "copied": float((distance == 0).mean()),
        "ct": _copying_score(evaluation, options, train, test, fake),
    }
    return found | ({"distance_ratio": float(np.median(np.sqrt(distance))) / usual} if usual else {})


def _copying_score(evaluation: SampleEvaluation, options: Options, train: Floats, test: Floats, fake: Floats) -> float:
    """Meehan et al. 2020: Mann-Whitney's statistic in every cell, pair by pair."""
    from genharness.functional.clusters import kmeans_centres

    rows = evaluation.features("train")
    centres = np.asarray(kmeans_centres(rows, options["cells"], evaluation.seed, name="train").cpu(), np.float64)
    of_train, of_test, of_fake = (distances(some, centres).argmin(axis=1) for some in (train, test, fake))
    weights, scores = [], []
    for cell in range(len(centres)):
        neighbours, tests, fakes = train[of_train == cell], test[of_test == cell], fake[of_fake == cell]
        if len(fakes) < _LEAST_FAKES or not len(tests):
            continue
        one, other = (distances(some, neighbours).min(axis=1)[:, None] for some in (fakes, tests))
        m, n = len(fakes), len(tests)
        u = float((one > other.T).sum() + 0.5 * (one == other.T).sum())
        weights.append(n)
        scores.append((u - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12))
    return float(np.average(scores, weights=weights)) if scores else math.nan


def copies_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Excess near copies over the blocks that the metric draws, and Mann-Whitney's statistic of members and others."""
    train, test, fake = (features(evaluation, which) for which in _SETS)
    held_out = {row.tobytes() for row in evaluation.samples("test")}
    if sum(row.tobytes() in held_out for row in evaluation.samples("fake")) > len(fake) / 2:
        return dict.fromkeys(("excess_copies", "closer_to_train", "membership_auc"), math.nan)
    rng = np.random.default_rng(evaluation.seed)
    blocks = np.array_split(rng.permutation(len(train)), -(-len(train) // len(test)))
    chosen = np.sort(rng.choice(len(test), len(blocks[0]), replace=False))
    rank = max(math.ceil(0.01 / len(blocks) * len(chosen)), 1)
    to_train, to_test = distances(fake, train), distances(fake, test)
    near = np.zeros((2, len(fake)))
    for members in blocks:
        threshold = np.sort(distances(test[chosen], train[members]).min(axis=1))[rank - 1]
        for at, all_of in enumerate((to_train[:, members], to_test[:, chosen])):
            nearest = all_of.min(axis=1)
            near[at] += (nearest < threshold) | (nearest == 0)
    return {
        "excess_copies": float((near[0] - near[1]).mean()),
        "closer_to_train": _closer(to_train.min(axis=1), to_test.min(axis=1), len(train), len(test)),
        "membership_auc": _attack(evaluation),
    }


def _closer(to_train: Floats, to_test: Floats, train: int, test: int) -> float:
    share, expected = float(((to_train < to_test) + 0.5 * (to_train == to_test)).mean()), train / (train + test)
    return 0.5 * share / expected if share <= expected else 1 - 0.5 * (1 - share) / (1 - expected)


def _attack(evaluation: SampleEvaluation) -> float:
    first, second = equal_draws(evaluation, 0, ("train", "test"))
    fake = features(evaluation, "fake")
    members, others = (
        distances(draw.of(features(evaluation, draw.which)), fake).min(axis=1) for draw in (first, second)
    )
    pairs = members[:, None], others[None]
    return float((pairs[0] < pairs[1]).mean() + 0.5 * (pairs[0] == pairs[1]).mean())


def mifid_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Bai et al. 2021, section 4.1: one less the absolute cosine, mean over fakes of the least over training rows."""
    train, test, fake = (_unit(features(evaluation, which)) for which in _SETS)
    keys = {"memorisation_distance": fake, "memorisation_distance_test": test}
    return {key: float((1 - np.abs(rows @ train.T)).min(axis=1).mean()) for key, rows in keys.items()}


def _unit(rows: Floats) -> Floats:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows[norms[:, 0] > 0] / norms[norms[:, 0] > 0])


def fld_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Jiralerspong et al. 2023, section 3: Adam's steps on the log-variances, in float64, with the metric's draws."""
    draws = (
        *equal_draws(evaluation, options["count"], ("train", "fake")),
        draw_of(evaluation, "test", options["count"]),
    )
    check_rows(max(draw.count for draw in draws))
    train, fake, test = (draw.of(evaluation.features(draw.which)).astype(np.float64) for draw in draws)
    scale = test.std(axis=0, ddof=1)
    train, fake, test = (
        ((rows - test.mean(axis=0)) / np.where(scale > 0, scale, 1))[:, scale > 0] for rows in (train, fake, test)
    )
    variances = _fitted(train, fake)
    of_train, of_test = (_likelihood(distances(rows, fake), variances, fake.shape[1])[0] for rows in (train, test))
    return {"fld_gap": 100 * (of_train - of_test)}


def _fitted(train: Floats, fake: Floats) -> Floats:
    """Return log-variances after Adam (rate .5, at most 50 steps); a further Gaussian at the mean takes part."""
    width = train.shape[1]
    squares = np.hstack([distances(train, fake), 0.81 * np.square(train - train.mean(axis=0)).sum(axis=1)[:, None]])
    logs = np.log((squares.min(axis=0) + 1e-3) / width)
    first, second, losses = np.zeros_like(logs), np.zeros_like(logs), []
    for step in range(1, 51):
        loss, gradient = _likelihood(squares, logs, width, background=True)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        logs = logs - 0.5 * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        logs = logs.clip(-40, 40)
        losses.append(loss)
        if step > 6 and max(losses[-5:]) - min(losses[-5:]) < 5e-4:
            break
    return np.asarray(logs[:-1])


def _likelihood(squares: Floats, logs: Floats, width: int, *, background: bool = False) -> tuple[float, Floats]:
    """Return the mean negative log-likelihood over the width, and its derivative by the log-variances."""
    weights = np.full(len(logs), -math.log(len(logs) - background))
    if background:
        weights[-1] = 0.0
    log_p = weights - 0.5 * width * (logs + math.log(2 * math.pi)) - squares / (2 * np.exp(logs))
    top = log_p.max(axis=1, keepdims=True)
    shares = np.exp(log_p - top)
    sums = shares.sum(axis=1, keepdims=True)
    shares /= sums
    slope = (shares * (0.5 * width - squares / (2 * np.exp(logs)))).sum(axis=0)
    scale = 1 / (len(squares) * width)
    return -float((top + np.log(sums)).sum()) * scale, slope * scale
