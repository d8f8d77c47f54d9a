"""Options of the autoencoders. Torch-free: listing and planning read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from genharness import option

__all__ = ["VAEConfig"]


@dataclass(frozen=True)
class VAEConfig:
    """Options of `vae`."""

    latent: int = option(16, low=1, high=4096, help="dimensions of the latent code z")
    width: int = option(32, low=1, high=1024, help="channels of the first convolution; doubled at every halving, twice")
    hidden: int = option(256, low=1, high=8192, help="units of the dense layers (tables: of every layer)")
    likelihood: Literal["bernoulli", "gaussian"] = option(
        "gaussian", help="p(x|z) of pixels; gaussian learns one sigma; tables are always gaussian"
    )
    lr: float = option(1e-3, above=0, high=1, help="learning rate of Adam")
