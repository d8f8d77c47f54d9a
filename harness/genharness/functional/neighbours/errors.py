"""Standard errors of the scores of neighbours, by the delete-one jackknife that falls out of the pass."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from genharness.functional.neighbours.ball_counts import expected_clipped_counts
from genharness.functional.neighbours.clipped import ball_fill, calibrated_coverage
from genharness.functional.neighbours.influence import LeftOut, without_fakes, without_fakes_clipped, without_reals
from genharness.functional.neighbours.shared_pass import NeighbourPass
from genharness.functional.sampling_error import jackknife_error

__all__ = ["ClippedErrors", "NeighbourErrors", "clipped_errors", "neighbour_errors"]


@dataclass(frozen=True, slots=True)
class NeighbourErrors:
    """Standard errors of the scores of the same names."""

    precision: float
    recall: float
    density: float
    coverage: float
    f1: float
    symmetric_precision: float
    symmetric_recall: float


@dataclass(frozen=True, slots=True)
class ClippedErrors:
    """Standard errors of the clipped scores, cut and before they are.

    Attributes:
        density: Of clipped density: that of the score before the cut, which a cut can only lessen.
        coverage: Of clipped coverage: how far it falls where balls are filled by one standard error less.
        density_raw: Before the cut.
        coverage_ratio: Before the cut.
    """

    density: float
    coverage: float
    density_raw: float
    coverage_ratio: float


def neighbour_errors(found: NeighbourPass, *, reals_too: bool = False) -> NeighbourErrors:
    """Return the errors over other fakes of the same model, the reals fixed.

    Conservative for recall and coverage where the fakes are like the reals, up to twice too wide.

    Args:
        found: The pass.
        reals_too: Whether the reals are taken as a draw, too: then both variances are added, and that of symmetric
            precision is not known, NaN.

    Raises:
        ValueError: There are only k + 1 rows of a set that is taken as a draw.

    Example:
        >>> from genharness.functional.neighbours.shared_pass import neighbour_pass
        >>> found = neighbour_pass(np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [9.0], [8.0]]), 1)
        >>> round(neighbour_errors(found).precision, 3)  # of 1, 0, 0: sd / sqrt(3), over n - 1
        0.333
    """
    parts = [without_fakes(found), *([without_reals(found)] if reals_too else [])]
    return NeighbourErrors(**{name: _together(parts, name) for name in NeighbourErrors.__dataclass_fields__})


def _together(parts: list[LeftOut], name: str) -> float:
    values = [getattr(part, name) for part in parts]
    if any(np.isnan(some).any() for some in values):
        return math.nan
    return math.sqrt(sum(jackknife_error(some) ** 2 for some in values))


def clipped_errors(found: NeighbourPass) -> ClippedErrors:
    """Return the errors of the clipped scores over other fakes of the same model, the reals fixed.

    Example:
        >>> from genharness.functional.neighbours.shared_pass import neighbour_pass
        >>> found = neighbour_pass(np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [9.0], [8.0]]), 1)
        >>> round(clipped_errors(found).density_raw, 3)
        0.333
    """
    left_out = without_fakes_clipped(found)
    density, ratio = jackknife_error(left_out.density_raw), jackknife_error(left_out.coverage_ratio)
    n, m, k = found.real.size, found.fake.size, found.k
    full = expected_clipped_counts(n, m, k)[-1]
    fill = min(ball_fill(found), full)  # beyond it the score stays 1
    lower = calibrated_coverage(max(fill - ratio * full, 0.0), n, m, k)
    return ClippedErrors(density, calibrated_coverage(fill, n, m, k) - lower, density, ratio)
