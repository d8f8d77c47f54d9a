"""Symmetric precision and recall (Khayatkhoei and AbdAlmageed 2023, arXiv 2306.09618)."""

from __future__ import annotations

from dataclasses import dataclass

from genharness.functional.checks import ArrayLike
from genharness.functional.neighbours.shared_pass import NeighbourPass, neighbour_pass

__all__ = ["SymmetricPR", "symmetric_of", "symmetric_precision_recall"]


@dataclass(frozen=True, slots=True)
class SymmetricPR:
    """Symmetric precision and recall, each in 0..1."""

    precision: float
    recall: float


def symmetric_precision_recall(real: ArrayLike, fake: ArrayLike, k: int = 5, *, strict: bool = True) -> SymmetricPR:
    """Return symmetric precision and recall: the smaller of each score and its complement.

        precision = min(precision, share of fakes whose own ball holds a real),
        recall    = min(recall, coverage)

    In many dimensions balls of the wider of two sets hold all of the narrower one, though it lies where they have no
    mass: fakes inside a sphere of reals have precision 1. Their own balls, being small, hold no real.

    Args:
        real: `(N, d)`.
        fake: `(M, d)`.
        k: Neighbours that set the balls' radii, in 1..min(N, M) - 1.
        strict: Whether a point on the sphere is outside.

    Raises:
        ValueError: As `genharness.functional.prdc.prdc`.

    Example:
        Fakes on a small circle within a large one: every real's ball reaches over them, theirs reach no real.

        >>> turn = np.linspace(0, 2 * np.pi, 6, endpoint=False)
        >>> circle = np.stack([np.cos(turn), np.sin(turn)], 1)
        >>> symmetric_precision_recall(circle, circle / 9, k=3)
        SymmetricPR(precision=0.0, recall=0.0)
    """
    return symmetric_of(neighbour_pass(real, fake, k, strict=strict))


def symmetric_of(found: NeighbourPass) -> SymmetricPR:
    """Return symmetric precision and recall from a pass.

    Example:
        >>> rows = np.arange(8.0)[:, None]
        >>> symmetric_of(neighbour_pass(rows, rows, 2))
        SymmetricPR(precision=1.0, recall=1.0)
    """
    real, fake = found.real, found.fake
    return SymmetricPR(
        precision=min(fake.share(fake.held_by > 0), fake.share(fake.holds > 0)),
        recall=min(real.share(real.held_by > 0), real.share(real.holds > 0)),
    )
