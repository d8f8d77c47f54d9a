"""Our own second opinion: every score from its definition, in float64, distance by distance. Slow, and short to read.

It shares no code with what it judges but what both are given: features, subsets, directions, bins. Where a library and
a score differ, it says which of them is wrong; where no library knows a metric, it stands for one, under its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from genharness.measure.evaluation import SampleEvaluation
from genharness.verify.base import Options, Peer, Theirs, near
from genharness.verify.brute_classes import class_accuracy_brute, modes_brute
from genharness.verify.brute_copying import copies_brute, fld_brute, memorisation_brute, mifid_brute
from genharness.verify.brute_frechet import fid_brute, fid_infinity_brute, fid_per_class_brute, frechet_over
from genharness.verify.brute_kernels import cmmd_brute, cosines, kid_brute, mmd_brute, second_order_brute
from genharness.verify.brute_neighbours import (
    clipped_brute,
    cover_brute,
    prdc_brute,
    probable_brute,
    realism_brute,
)
from genharness.verify.pairwise import (
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
    kernel = cosines(drawn_of(evaluation, "fake", options))
    values = np.linalg.eigvalsh(kernel / len(kernel))
    positive = values[values > 0]
    return {"vendi": float(np.exp(-(positive * np.log(positive)).sum()))}


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
    "fid": fid_brute,
    "fid-inf": fid_infinity_brute,
    "fid-per-class": fid_per_class_brute,
    "fd-dinov2": partial(frechet_over, "dinov2", "fd_dinov2"),
    "sfid": partial(frechet_over, "inception-spatial", "sfid"),
    "prdc": prdc_brute,
    "clipped": clipped_brute,
    "cover": cover_brute,
    "p-precision": probable_brute,
    "realism": realism_brute,
    "is": _inception_score,
    "vendi": _vendi,
    "vendi-2": second_order_brute,
    "copies": copies_brute,
    "memorisation": memorisation_brute,
    "mifid": mifid_brute,
    "mind": _mind,
    "kid": kid_brute,
    "mmd": mmd_brute,
    "cmmd": cmmd_brute,
    "modes": modes_brute,
    "class-accuracy": class_accuracy_brute,
    "fld": fld_brute,
    "bins": _bins,
    "tabular": _tabular,
}

_SCALES = {"fld": 1e4}
"""The size of what is compared: of fld .01, as fifty steps of its fit carry the rounding of float32 on."""

_ALONE = tuple(name for name in _BY_METRIC if name not in ("fid", "fd-dinov2", "sfid", "kid", "prdc", "is", "vendi"))
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
    scale = _SCALES.get(metric, 1.0)
    return {key: near(value, scale) for key, value in _BY_METRIC[metric](evaluation, options).items()}


def _peer(metric: str) -> Peer:
    return Peer(metric, BRUTE, lambda evaluation, options: _as_peer(metric, evaluation, options))


BRUTE_PEERS = tuple(_peer(metric) for metric in _ALONE)
