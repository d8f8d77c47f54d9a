"""Our own second opinion: every score from its definition, in float64, distance by distance. Slow, and short to read.

It shares no code with what it judges but what both are given: features, subsets, directions, bins. Where a library and
a score differ, it says which of them is wrong; where no library knows a metric, it stands for one, under its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from genharness.measure.evaluation import SampleEvaluation
from genharness.verify.base import Options, Peer, Theirs, near
from genharness.verify.brute_copying import copies_brute, memorisation_brute, mifid_brute
from genharness.verify.brute_neighbours import (
    clipped_brute,
    cover_brute,
    prdc_brute,
    probable_brute,
    realism_brute,
)
from genharness.verify.pairwise import (
    Floats,
    TooManyRowsError,
    check_rows,
    distances,
    drawn,
    drawn_of,
    features,
)

__all__ = ["BRUTE", "BRUTE_PEERS", "BruteScores", "brute_scores"]

BRUTE = "float64 brute force"
"""What it is called where libraries are named: it is ours, and no library."""

BruteScores = Mapping[str, float]


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
    """Friedman and Dieng 2023, equation 3, from eigenvalues of the whole kernel."""
    kernel = _cosines(drawn_of(evaluation, "fake", options))
    values = np.linalg.eigvalsh(kernel / len(kernel))
    positive = values[values > 0]
    return {"vendi": float(np.exp(-(positive * np.log(positive)).sum()))}


def _cosines(rows: Floats) -> Floats:
    """Return the cosines of all pairs; rows of zeros are like each other and like nothing else."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return np.asarray(unit @ unit.T + (norms == 0) * (norms == 0).T)


def _fid(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Heusel et al. 2017, equation 6."""
    return {"fid": _frechet(features(evaluation, "real"), features(evaluation, "fake"))}


def _frechet(real: Floats, fake: Floats) -> float:
    """Return the distance by two symmetric eigenproblems, which have no imaginary parts."""
    (real_mean, real_covariance), (fake_mean, fake_covariance) = (
        (rows.mean(axis=0), np.atleast_2d(np.cov(rows, rowvar=False))) for rows in (real, fake)
    )
    values, axes = np.linalg.eigh(real_covariance)
    root = (axes * np.sqrt(values.clip(min=0))) @ axes.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ fake_covariance @ root).clip(min=0)).sum()
    traces = np.trace(real_covariance) + np.trace(fake_covariance)
    return float(np.square(real_mean - fake_mean).sum() + traces - 2 * cross)


def _fid_infinity(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Chong and Forsyth 2020, section 4, over the subsets that the metric draws; the line by its normal equations."""
    real, fake = features(evaluation, "real"), features(evaluation, "fake")
    smallest = max(len(fake) // 10, int(np.ceil(2.5 * real.shape[1])))
    if smallest >= len(fake):
        return {}
    rng = np.random.default_rng(evaluation.seed)
    sizes = np.unique(np.linspace(smallest, len(fake), options["points"]).astype(int))
    found = np.array([_frechet(real, fake[rng.permutation(len(fake))[:size]]) for size in sizes])
    x = 1 / sizes - (1 / sizes).mean()
    return {"fid_inf": float(found.mean() - (x @ found) / (x @ x) * (1 / sizes).mean())}


def _mmd(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Gretton et al. 2012, equation 3, with the bandwidth that the metric has."""
    from genharness.functional.gaussian_kernel import median_square

    square = median_square(evaluation.features("real"), seed=evaluation.seed)
    real, fake = (drawn_of(evaluation, which, options) for which in ("real", "fake"))
    within = [np.exp(-distances(rows, rows) / (2 * square)) for rows in (real, fake)]
    means = [(kernel.sum() - len(kernel)) / (len(kernel) * (len(kernel) - 1)) for kernel in within]
    return {"mmd": float(1000 * (sum(means) - 2 * np.exp(-distances(real, fake) / (2 * square)).mean()))}


def _second_order(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Order 2 of Vendi, and RKE (Jalali et al. 2023), as one over the mean square of a kernel's entries."""
    from genharness.functional.gaussian_kernel import median_square

    fake = drawn_of(evaluation, "fake", options)
    square = median_square(evaluation.features("real"), seed=evaluation.seed) / 4
    cosine = _cosines(fake)
    gaussian = np.exp(-distances(fake, fake) / (2 * square))
    return {"vendi_2": float(1 / np.square(cosine).mean()), "rke": float(1 / np.square(gaussian).mean())}


def _mind(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Berthet et al. 2026, along the directions that the metric draws."""
    import torch

    from genharness.functional.mind import draw_directions

    real, fake = drawn(evaluation, options)
    generator = torch.Generator().manual_seed(options["direction_seed"])
    axes = draw_directions(real.shape[1], options["directions"], options["kind"], generator).double().numpy()
    parts = [np.square(np.sort(real @ axis) - np.sort(fake @ axis)).mean() for axis in axes]
    return {"mind": float(3 * real.shape[1] * np.mean(parts))}


def _bins(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Richardson and Weiss 2018, over the k-means bins that the metric has."""
    from genharness.functional.modes import real_bins

    real, fake = features(evaluation, "real"), features(evaluation, "fake")
    bins = max(2, min(options["bins"], len(real) // 10))
    centres = real_bins(evaluation.features("real"), bins=bins, seed=evaluation.seed).centres.astype(np.float64)
    p, q = (np.bincount(distances(rows, centres).argmin(axis=1), minlength=bins) / len(rows) for rows in (real, fake))
    middle = (p + q) / 2
    terms = [float((one[one > 0] * np.log(one[one > 0] / middle[one > 0])).sum()) for one in (p, q)]
    return {"jsd": sum(terms) / 2, "bin_coverage": float((q > 0).mean())}


def _tabular(evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Empirical distribution functions of every column, and numpy's correlations."""
    real, fake = (evaluation.samples(which).astype(np.float64) for which in ("real", "fake"))
    check_rows(max(len(real), len(fake)))
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
    "fid-inf": _fid_infinity,
    "prdc": prdc_brute,
    "clipped": clipped_brute,
    "cover": cover_brute,
    "p-precision": probable_brute,
    "realism": realism_brute,
    "is": _inception_score,
    "vendi": _vendi,
    "vendi-2": _second_order,
    "copies": copies_brute,
    "memorisation": memorisation_brute,
    "mifid": mifid_brute,
    "mind": _mind,
    "mmd": _mmd,
    "bins": _bins,
    "tabular": _tabular,
}

_ALONE = tuple(name for name in _BY_METRIC if name not in ("fid", "prdc", "is", "vendi"))
"""Metrics that no library on the package index computes as they are defined here."""


def brute_scores(metric: str, evaluation: SampleEvaluation, options: Options) -> BruteScores:
    """Return a metric's scores by brute force; empty where there is none.

    Raises:
        TooManyRowsError: If the sets are too large for it.
    """
    if metric not in _BY_METRIC:
        return {}
    try:
        return _BY_METRIC[metric](evaluation, options)
    except TooManyRowsError:
        raise
    except ValueError:
        return {}


def _as_peer(metric: str, evaluation: SampleEvaluation, options: Options) -> Mapping[str, Theirs]:
    return {key: near(value, 1.0) for key, value in _BY_METRIC[metric](evaluation, options).items()}


def _peer(metric: str) -> Peer:
    return Peer(metric, BRUTE, lambda evaluation, options: _as_peer(metric, evaluation, options))


BRUTE_PEERS = tuple(_peer(metric) for metric in _ALONE)
