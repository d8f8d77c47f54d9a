"""Options of the reference rows. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass

from genharness import option

__all__ = ["ClassGMMConfig"]


@dataclass(frozen=True)
class ClassGMMConfig:
    """Options of `class-gmm`."""

    components: int = option(2, low=1, high=1000, help="Gaussians in the mixture of each class")
    reg_covar: float = option(1e-3, above=0, high=1, help="added to the diagonal of every covariance")
