"""The brute force of scores that count neighbours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from genharness.measure.evaluation import SampleEvaluation
from genharness.verify.base import Options
from genharness.verify.pairwise import Floats, distances, drawn, radii

__all__ = ["clipped_brute", "cover_brute", "prdc_brute", "probable_brute", "realism_brute"]


def prdc_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Naeem et al. 2020, equations 2 to 5 (open balls); Kynkaanniemi et al. 2019, equation 3 (closed balls).

    The symmetric scores are those of Khayatkhoei and AbdAlmageed 2023.
    """
    real, fake = drawn(evaluation, options)
    k, between = options["k"], distances(real, fake)
    real_radii, fake_radii = (radii(distances(rows, rows), k) for rows in (real, fake))
    inside = np.less if options["convention"] == "naeem" else np.less_equal
    by_real, by_fake = inside(between, real_radii[:, None]), inside(between, fake_radii[None])
    precision, recall = float(by_real.any(axis=0).mean()), float(by_fake.any(axis=1).mean())
    coverage = float(by_real.any(axis=1).mean())
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "density": float(by_real.sum(axis=0).mean() / k),
        "coverage": coverage,
        "symmetric_precision": min(precision, float(by_fake.any(axis=0).mean())),
        "symmetric_recall": min(recall, coverage),
    }


def clipped_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Salvy et al. 2025; the calibration by scipy's beta-binomial distribution."""
    from scipy.stats import betabinom

    real, fake = drawn(evaluation, options)
    k, n, m = options["k"], len(real), len(fake)
    own, between = distances(real, real), distances(real, fake)
    squares = radii(own, k)
    clipped = np.minimum(squares, np.median(np.sqrt(squares)) ** 2)
    np.fill_diagonal(own, np.inf)
    held = np.minimum((between <= clipped[:, None]).sum(axis=0) / k, 1).mean()
    density = float(held / np.minimum((own <= clipped[:, None]).sum(axis=0) / k, 1).mean())
    fill = float((np.minimum((between < squares[:, None]).sum(axis=1), k) / k).mean())
    counts = np.arange(k)
    table = np.array([1 - ((k - counts) / k * betabinom.pmf(counts, some, k, n - k)).sum() for some in range(m + 1)])
    coverage = float(np.interp(fill, table, np.arange(m + 1)) / m)
    return {
        "clipped_density": min(density, 1.0),
        "clipped_coverage": coverage,
        "clipped_density_raw": density,
        "clipped_coverage_ratio": fill / float(table[-1]),
    }


def cover_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Cheema and Urner 2023: closed balls to the 3k-th neighbour that hold k of the other side."""
    real, fake = drawn(evaluation, options)
    between, k = distances(real, fake), options["k"]

    def share(own: Floats, rows: Floats) -> float:
        return float(((own <= radii(distances(rows, rows), 3 * k)[:, None]).sum(axis=1) >= k).mean())

    return {"cover_reals": share(between, real), "cover_fakes": share(between.T, fake)}


def probable_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Park and Kim 2023: to lie in one of the balls of 1.2 times the mean distance to the fourth neighbour."""
    real, fake = drawn(evaluation, options)
    between = np.sqrt(distances(real, fake))

    def inside(gaps: Floats, rows: Floats) -> float:
        radius = 1.2 * float(np.sqrt(radii(distances(rows, rows), 4)).mean())
        return float((1 - np.minimum(gaps / radius, 1).prod(axis=0)).mean())

    return {"p_precision": inside(between, real), "p_recall": inside(between.T, fake)}


def realism_brute(evaluation: SampleEvaluation, options: Options) -> Mapping[str, float]:
    """Kynkaanniemi et al. 2019, equation 5: balls to the third neighbour, those up to the median radius."""
    real, fake = drawn(evaluation, options)
    own = np.sqrt(radii(distances(real, real), 3))
    kept = own <= np.median(own)
    gaps = np.sqrt(distances(real[kept], fake))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(gaps > 0, own[kept][:, None] / gaps, np.inf).max(axis=0)
    return {"realism": float(np.median(ratios)), "realistic": float((ratios >= 1).mean())}
