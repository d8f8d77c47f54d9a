"""Our own second opinion: every score from its definition, in float64, distance by distance. Slow, and short to read.

It shares no code with what it judges but what both are given: features, subsets, directions, bins. Where a library and
a score differ, it says which of them is wrong; where no library knows a metric, it stands for one, under its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from genharness.kit.equal_counts import draw_of, equal_draws
from genharness.kit.evaluation import SampleSet
from genharness.measure.evaluation import SampleEvaluation
from genharness.verify.base import Options, Peer, Theirs, near

__all__ = ["BRUTE", "BRUTE_PEERS", "MOST_ROWS", "BruteScores", "brute_scores"]

BRUTE = "float64 brute force"
"""What it is called where libraries are named: it is ours, and no library."""

MOST_ROWS = 3000
"""Rows of a set with which every distance is still computed one by one."""

Floats = NDArray[np.float64]
BruteScores = Mapping[str, float]


def _features(evaluation: SampleEvaluation, which: SampleSet) -> Floats:
    features = evaluation.features(which).astype(np.float64)
    if len(features) > MOST_ROWS:
        raise ValueError(f"{len(features):,} rows are too many for a brute force: at most {MOST_ROWS:,}")
    return features


def _distances(rows: Floats, others: Floats) -> Floats:
    """Return squared distances `(n, m)`, each from its own differences: nothing cancels."""
    return np.stack([np.square(others - row).sum(axis=1) for row in rows])


def _radii(own: Floats, k: int) -> Floats:
    """Return the squared distance of each row to its k-th nearest other one."""
    others = own.copy()
    np.fill_diagonal(others, np.inf)
    return np.asarray(np.sort(others, axis=1)[:, k - 1])


def _drawn(evaluation: SampleEvaluation, options: Options) -> tuple[Floats, Floats]:
    first, second = equal_draws(evaluation, options["count"])
    if first.count > MOST_ROWS:
        raise ValueError(f"{first.count:,} rows are too many for a brute force: at most {MOST_ROWS:,}")
    real, fake = (first.of(evaluation.features("real")), second.of(evaluation.features("fake")))
    return real.astype(np.float64), fake.astype(np.float64)


def _prdc(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Naeem et al. 2020, equations 2 to 5 (open balls); Kynkaanniemi et al. 2019, equation 3 (closed balls)."""
    real, fake = _drawn(evaluation, options)
    k, between = options["k"], _distances(real, fake)
    real_radii, fake_radii = (_radii(_distances(rows, rows), k) for rows in (real, fake))
    inside = np.less if options["convention"] == "naeem" else np.less_equal
    by_real, by_fake = inside(between, real_radii[:, None]), inside(between, fake_radii[None])
    precision, recall = float(by_real.any(axis=0).mean()), float(by_fake.any(axis=1).mean())
    found = {"precision": precision, "recall": recall}
    found["f1"] = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    found["density"], found["coverage"] = float(by_real.sum(axis=0).mean() / k), float(by_real.any(axis=1).mean())
    return found


def _clipped(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Salvy et al. 2025; the calibration by scipy's beta-binomial distribution."""
    from scipy.stats import betabinom

    real, fake = _drawn(evaluation, options)
    k, n, m = options["k"], len(real), len(fake)
    own, between = _distances(real, real), _distances(real, fake)
    radii = _radii(own, k)
    clipped = np.minimum(radii, np.median(np.sqrt(radii)) ** 2)
    np.fill_diagonal(own, np.inf)
    held = np.minimum((between <= clipped[:, None]).sum(axis=0) / k, 1).mean()
    density = float(held / np.minimum((own <= clipped[:, None]).sum(axis=0) / k, 1).mean())
    fill = float((np.minimum((between < radii[:, None]).sum(axis=1), k) / k).mean())
    counts = np.arange(k)
    table = np.array([1 - ((k - counts) / k * betabinom.pmf(counts, some, k, n - k)).sum() for some in range(m + 1)])
    coverage = float(np.interp(fill, table, np.arange(m + 1)) / m)
    return {
        "clipped_density": min(density, 1.0),
        "clipped_coverage": coverage,
        "clipped_density_raw": density,
        "clipped_coverage_ratio": fill / float(table[-1]),
    }


def _inception_score(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Salimans et al. 2016, over logits: a probability may underflow, its logarithm does not."""
    logits = evaluation.extracted("fake").logits
    if logits is None:
        raise ValueError(f"extractor {evaluation.extractor} gives no class logits")
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    order = np.random.RandomState(2020).permutation(len(log_p))  # as torch-fidelity shuffles
    parts = []
    for rows in np.array_split(log_p[order], min(options["splits"], len(log_p))):
        mean = np.exp(rows).mean(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(np.exp(rows) > 0, np.exp(rows) * (rows - np.log(mean)), 0.0)
        parts.append(float(np.exp(terms.sum(axis=1).mean())))
    name = "is" if evaluation.extractor == "inception" else "classifier_score"
    return {name: float(np.mean(parts)), f"{name}_std": float(np.std(parts))}


def _vendi(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Friedman and Dieng 2023, equation 3, from eigenvalues of the whole kernel; a zero row is like itself alone."""
    features = _vendi_rows(evaluation, options)
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.divide(features, norms, out=np.zeros_like(features), where=norms > 0)
    kernel = unit @ unit.T
    np.fill_diagonal(kernel, 1.0)
    values = np.linalg.eigvalsh(kernel / len(kernel))
    positive = values[values > 0]
    return {"vendi": float(np.exp(-(positive * np.log(positive)).sum()))}


def _vendi_rows(evaluation: SampleEvaluation, options: Options) -> Floats:
    drawn = draw_of(evaluation, "fake", options["count"])
    features = drawn.of(evaluation.features("fake")).astype(np.float64)
    if len(features) > MOST_ROWS:
        raise ValueError(f"{len(features):,} rows are too many for a brute force: at most {MOST_ROWS:,}")
    return features


def _fid(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Heusel et al. 2017, equation 6, by two symmetric eigenproblems, which have no imaginary parts."""
    (real_mean, real), (fake_mean, fake) = (
        (rows.mean(axis=0), np.atleast_2d(np.cov(rows, rowvar=False)))
        for rows in (_features(evaluation, "real"), _features(evaluation, "fake"))
    )
    values, axes = np.linalg.eigh(real)
    root = (axes * np.sqrt(values.clip(min=0))) @ axes.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ fake @ root).clip(min=0)).sum()
    return {"fid": float(np.square(real_mean - fake_mean).sum() + np.trace(real) + np.trace(fake) - 2 * cross)}


def _memorisation(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Authenticity (Alaa et al. 2022), the ratio of median distances, and exact copies."""
    train, test, fake = (_features(evaluation, which) for which in ("train", "test", "fake"))
    to_train = _distances(fake, train)
    nearest, distance = to_train.argmin(axis=1), to_train.min(axis=1)
    usual = float(np.median(np.sqrt(_distances(test, train).min(axis=1))))
    found = {
        "authenticity": float((distance > _radii(_distances(train, train), 1)[nearest]).mean()),
        "copied": float((distance == 0).mean()),
    }
    return found | ({"distance_ratio": float(np.median(np.sqrt(distance))) / usual} if usual else {})


def _mind(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Berthet et al. 2026, along the directions that the metric draws."""
    import torch

    from genharness.functional.mind import draw_directions

    real, fake = _drawn(evaluation, options)
    generator = torch.Generator().manual_seed(options["direction_seed"])
    axes = draw_directions(real.shape[1], options["directions"], options["kind"], generator).double().numpy()
    parts = [np.square(np.sort(real @ axis) - np.sort(fake @ axis)).mean() for axis in axes]
    return {"mind": float(3 * real.shape[1] * np.mean(parts))}


def _bins(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Richardson and Weiss 2018, over the k-means bins that the metric has."""
    from genharness.functional.modes import real_bins

    real, fake = _features(evaluation, "real"), _features(evaluation, "fake")
    bins = max(2, min(options["bins"], len(real) // 10))
    centres = real_bins(evaluation.features("real"), bins=bins, seed=evaluation.seed).centres.astype(np.float64)
    p, q = (np.bincount(_distances(rows, centres).argmin(axis=1), minlength=bins) / len(rows) for rows in (real, fake))
    middle = (p + q) / 2
    terms = [float((one[one > 0] * np.log(one[one > 0] / middle[one > 0])).sum()) for one in (p, q)]
    return {"jsd": sum(terms) / 2, "bin_coverage": float((q > 0).mean())}


def _tabular(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Empirical distribution functions of every column, and numpy's correlations."""
    real, fake = (evaluation.samples(which).astype(np.float64) for which in ("real", "fake"))
    ks, wasserstein = [], []
    for one, other in zip(real.T, fake.T, strict=True):
        points = np.sort(np.concatenate([one, other]))
        gap = np.abs([(one <= x).mean() - (other <= x).mean() for x in points])
        ks.append(gap.max())
        wasserstein.append((gap[:-1] * np.diff(points)).sum())
    found = {"ks": float(np.mean(ks)), "wasserstein": float(np.mean(wasserstein))}
    constant = any(np.ptp(rows, axis=0).min() == 0 for rows in (real, fake))
    if constant or real.shape[1] < 2:
        return found
    upper = np.triu_indices(real.shape[1], k=1)
    ours, theirs = (np.atleast_2d(np.corrcoef(rows, rowvar=False))[upper] for rows in (real, fake))
    return {**found, "correlation_distance": float(np.abs(ours - theirs).mean())}


_BY_METRIC: Mapping[str, Callable[[SampleEvaluation, Options], BruteScores]] = {
    "fid": _fid,
    "prdc": _prdc,
    "clipped": _clipped,
    "is": _inception_score,
    "vendi": _vendi,
    "memorisation": _memorisation,
    "mind": _mind,
    "bins": _bins,
    "tabular": _tabular,
}

_ALONE = ("clipped", "memorisation", "mind", "bins", "tabular")
"""Metrics that no library on the package index computes as they are defined here."""


def brute_scores(metric: str, evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Return a metric's scores by brute force; empty where there is none, or the sets are too large for it."""
    if metric not in _BY_METRIC:
        return {}
    try:
        return _BY_METRIC[metric](evaluation, options)
    except ValueError:
        return {}


def _as_peer(metric: str, evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    return {key: near(value, 1.0) for key, value in _BY_METRIC[metric](evaluation, options).items()}


def _peer(metric: str) -> Peer:
    return Peer(metric, BRUTE, lambda evaluation, options: _as_peer(metric, evaluation, options))


BRUTE_PEERS = tuple(_peer(metric) for metric in _ALONE)
