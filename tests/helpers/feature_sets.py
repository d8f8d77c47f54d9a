"""Sets of features that tests of metric maths compare."""

from __future__ import annotations

import numpy as np

__all__ = ["gaussians"]


def gaussians(n, m, d, seed=0, dtype=np.float32):
    """Return real rows `(n, d)` and fake ones `(m, d)`, a little narrower and shifted."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)).astype(dtype), (0.9 * rng.normal(size=(m, d)) + 0.1).astype(dtype)
