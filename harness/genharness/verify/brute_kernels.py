"""The brute force of scores that compare sets by a kernel, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from genharness.functional.checks import legacy_seed
from genharness.kit.equal_counts import draw_of
from genharness.kit.evaluation import SampleSet
from genharness.measure.evaluation import SampleEvaluation
from genharness.verify.base import Options
from genharness.verify.pairwise import Floats, check_rows, distances, drawn_of, features

__all__ = ["cmmd_brute", "cosines", "kid_brute", "mmd_brute", "second_order_brute"]

_CMMD_SQUARE = 100.0


def cosines(rows: Floats) -> Floats:
    """Return the cosines of all pairs; rows of zeros are like each other and like nothing else."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return np.asarray(unit @ unit.T + (norms == 0) * (norms == 0).T)


def kid_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Binkowski et al. 2018, section 4, over the subsets that the metric draws."""
    real, fake = features(evaluation, "real"), features(evaluation, "fake")
    size = min(options["subset_size"], len(real), len(fake))
    rng = np.random.RandomState(legacy_seed(evaluation.seed))
    kernels = {key: (a @ b.T / a.shape[1] + 1) ** 3 for key, a, b in _pairs(real, fake)}
    found = []
    for _ in range(options["subsets"]):
        of_fake, of_real = (rng.choice(len(rows), size, replace=False) for rows in (fake, real))
        within = [_off_diagonal(kernels[key][np.ix_(of, of)]) for key, of in (("real", of_real), ("fake", of_fake))]
        found.append(sum(within) - 2 * kernels["across"][np.ix_(of_real, of_fake)].mean())
    mean = {"kid": float(np.mean(found))}
    return mean if size == len(real) == len(fake) else {**mean, "kid_std": float(np.std(found))}


def _pairs(real: Floats, fake: Floats) -> list[tuple[str, Floats, Floats]]:
    return [("real", real, real), ("fake", fake, fake), ("across", real, fake)]


def _off_diagonal(kernel: Floats) -> float:
    return float((kernel.sum() - np.trace(kernel)) / (len(kernel) * (len(kernel) - 1)))


def mmd_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Gretton et al. 2012, equation 3, with the bandwidth that the metric has."""
    from genharness.functional.gaussian_kernel import median_square

    square = median_square(evaluation.features("real"), seed=evaluation.seed)
    real, fake = (drawn_of(evaluation, which, options) for which in ("real", "fake"))
    within = [_off_diagonal(np.exp(-distances(rows, rows) / (2 * square))) for rows in (real, fake)]
    return {"mmd": float(1000 * (sum(within) - 2 * np.exp(-distances(real, fake) / (2 * square)).mean()))}


def cmmd_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Jayasumana et al. 2024, section 4: biased, of CLIP's features at unit length, sigma 10, times 1,000."""
    real, fake = (_unit(evaluation, which, options) for which in ("real", "fake"))
    means = {key: np.exp(-distances(a, b) / (2 * _CMMD_SQUARE)).mean() for key, a, b in _pairs(real, fake)}
    return {"cmmd": float(1000 * (means["real"] + means["fake"] - 2 * means["across"]))}


def _unit(evaluation: SampleEvaluation, which: SampleSet, options: Options) -> Floats:
    one = draw_of(evaluation, which, options["count"])
    check_rows(one.count)
    rows = one.of(evaluation.extracted(which, "clip").features).astype(np.float64)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(min=1e-12))


def second_order_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Order 2 of Vendi, and RKE (Jalali et al. 2023), as one over the mean square of a kernel's entries."""
    from genharness.functional.gaussian_kernel import median_square

    fake = drawn_of(evaluation, "fake", options)
    square = median_square(evaluation.features("real"), seed=evaluation.seed) / 4
    cosine = cosines(fake)
    gaussian = np.exp(-distances(fake, fake) / (2 * square))
    return {"vendi_2": float(1 / np.square(cosine).mean()), "rke": float(1 / np.square(gaussian).mean())}
