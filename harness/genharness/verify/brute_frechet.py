"""The brute force of Frechet distances: two symmetric eigenproblems, which have no imaginary parts."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from genharness.kit.evaluation import SampleSet
from genharness.measure.evaluation import SampleEvaluation
from genharness.verify.base import Options
from genharness.verify.pairwise import Floats, check_rows, features

__all__ = ["fid_brute", "fid_infinity_brute", "fid_per_class_brute", "frechet_over"]


def _frechet(real: Floats, fake: Floats) -> float:
    """Heusel et al. 2017, equation 6."""
    (real_mean, real_covariance), (fake_mean, fake_covariance) = (
        (rows.mean(axis=0), np.atleast_2d(np.cov(rows, rowvar=False))) for rows in (real, fake)
    )
    values, axes = np.linalg.eigh(real_covariance)
    root = (axes * np.sqrt(values.clip(min=0))) @ axes.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ fake_covariance @ root).clip(min=0)).sum()
    traces = np.trace(real_covariance) + np.trace(fake_covariance)
    return float(np.square(real_mean - fake_mean).sum() + traces - 2 * cross)


def fid_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Return the distance over the protocol's features."""
    return {"fid": _frechet(features(evaluation, "real"), features(evaluation, "fake"))}


def frechet_over(extractor: str, key: str, evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Return the distance over the features of a named extractor."""
    sets: tuple[SampleSet, ...] = ("real", "fake")
    real, fake = (evaluation.extracted(which, extractor).features for which in sets)
    check_rows(max(len(real), len(fake)))
    return {key: _frechet(real.astype(np.float64), fake.astype(np.float64))}


def fid_infinity_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
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


def fid_per_class_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Miyato and Koyama 2018, section 5, over the rows of each class that the metric draws."""
    of_fake, of_real = [], []
    for label in np.unique(_labels(evaluation, "real")):
        real, fake, test = (
            features(evaluation, which)[_labels(evaluation, which) == label] for which in ("real", "fake", "test")
        )
        count = min(len(real), len(fake))
        of_fake.append(_frechet(*_drawn((real, fake), count, evaluation.seed, int(label))))
        enough = len(test) >= count
        of_real.append(_frechet(*_drawn((real, test), count, evaluation.seed, int(label))) if enough else math.nan)
    found = {"fid_per_class": float(np.mean(of_fake)), "fid_worst_class": max(of_fake)}
    return found if np.isnan(of_real).any() else {**found, "fid_per_class_real": float(np.mean(of_real))}


def _labels(evaluation: SampleEvaluation, which: SampleSet) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    labels = evaluation.labels(which)
    if labels is None:
        raise ValueError(f"the {which} samples have no classes")
    return labels


def _drawn(sets: tuple[Floats, Floats], count: int, seed: int, label: int) -> list[Floats]:
    rng = np.random.default_rng([seed, 67, label])
    return [rows[np.sort(rng.choice(len(rows), count, replace=False))] for rows in sets]
