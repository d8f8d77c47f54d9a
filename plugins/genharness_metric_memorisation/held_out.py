"""Whether generated samples are the held-out rows themselves, which then cannot be a standard for them."""

from __future__ import annotations

from genharness.kit import Evaluation

__all__ = ["are_held_out"]

_MOST = 0.5
"""Share of samples that may equal held-out rows and still be compared with them: digits and the like repeat."""


def are_held_out(evaluation: Evaluation) -> bool:
    """Whether more than half of the samples equal a held-out row, as those of `real` do."""
    rows, held_out = ([row.tobytes() for row in evaluation.samples(which)] for which in ("fake", "test"))
    known = set(held_out)
    return sum(row in known for row in rows) > _MOST * len(rows)
