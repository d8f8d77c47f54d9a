"""Scores of nearest neighbours over an evaluation's features, all from one pass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from functools import cache, partial

from genharness.functional.neighbours.ball_counts import expected_coverage
from genharness.functional.neighbours.clipped import clipped_of
from genharness.functional.neighbours.errors import NeighbourErrors, clipped_errors, neighbour_errors
from genharness.functional.neighbours.influence import hanging
from genharness.functional.neighbours.shared_pass import NeighbourPass
from genharness.functional.neighbours.symmetric import symmetric_of
from genharness.functional.prdc import prdc_of
from genharness.kit import Evaluation
from genharness.kit.neighbours import neighbour_pass
from genharness_metric_prdc import ClippedConfig, PrdcConfig

__all__ = ["ClippedMetric", "Prdc"]

_EMPTY = 0.01
"""Of the samples: from there on balls of radius 0 are told."""
_HANGS = 0.1
"""Of a score: from there on what rests on the top 1 % of rows is told; honest sets stay below .06."""


class Prdc:
    """Naeem et al. 2020, equations 2 to 5; with the other convention, Kynkaanniemi et al. 2019, equation 3."""

    def __init__(self, config: PrdcConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return the scores, each in [0, 1] but density, which may exceed 1.

        The share that hangs on a hundredth of the rows is given where it is more than .1 and a quarter of its score;
        the share of samples whose open ball has radius 0, because they occur more than k times, where it is above .01.
        """
        strict = self.config.convention == "naeem"
        found = neighbour_pass(evaluation, self.config.k, self.config.count, strict=strict)
        evaluation.state("prdc_samples", found.real.size)
        if strict:  # of two sets of one continuous distribution, whatever it is
            evaluation.state("expected_density", 1.0)
            evaluation.state("expected_coverage", expected_coverage(found.real.size, found.fake.size, found.k))
        errors = cache(lambda: neighbour_errors(found))
        for one in fields(NeighbourErrors) if found.fake.size > found.k + 1 else ():  # else none can be left out
            evaluation.state_error(one.name, partial(lambda name: getattr(errors(), name), one.name))
        scores, symmetric, share = prdc_of(found), symmetric_of(found), hanging(found)
        hangs = {"precision": share.precision, "recall": share.recall, "coverage": share.coverage}
        empty = {name: side.share(side.own.radius == 0) for name, side in (("real", found.real), ("fake", found.fake))}
        return {
            "precision": scores.precision,
            "recall": scores.recall,
            "density": scores.density,
            "coverage": scores.coverage,
            "f1": scores.f1,
            "symmetric_precision": symmetric.precision,
            "symmetric_recall": symmetric.recall,
            **{f"hanging_{key}": one for key, one in hangs.items() if one > max(_HANGS, getattr(scores, key) / 4)},
            **{f"empty_{name}_balls": share for name, share in empty.items() if strict and share > _EMPTY},
        }


def _clipped_error(found: NeighbourPass, name: str) -> float:
    defined = found.fake.size > found.k + 1 and (found.real.own.radius > 0).any()
    return float(getattr(clipped_errors(found), name)) if defined else math.nan


class ClippedMetric:
    """Salvy et al. 2025."""

    def __init__(self, config: ClippedConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return both scores in [0, 1], and both before they are cut at 1."""
        found = neighbour_pass(evaluation, self.config.k, self.config.count)
        evaluation.state("clipped_samples", found.real.size)
        scores = clipped_of(found)
        for name in ("density", "coverage", "density_raw", "coverage_ratio"):
            evaluation.state_error(f"clipped_{name}", partial(_clipped_error, found, name))
        return {
            "clipped_density": scores.density,
            "clipped_coverage": scores.coverage,
            "clipped_density_raw": scores.density_raw,
            "clipped_coverage_ratio": scores.coverage_ratio,
        }
