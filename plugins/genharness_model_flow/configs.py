"""Options of the flows, with the papers' values as defaults. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from genharness import option

__all__ = ["FlowConfig", "GlowConfig", "RealNVPConfig"]


def _warmup(default: int) -> Any:
    return option(default, low=0, high=10**7, help="steps over which the learning rate rises from 0")


@dataclass(frozen=True)
class FlowConfig:
    """How a flow is trained and sampled."""

    lr: float = option(1e-3, above=0.0, high=1.0, help="learning rate")
    warmup: int = _warmup(500)
    decay: float = option(0.0, low=0.0, high=1.0, help="share of the budget, at its end, in which the rate falls to 0")
    clip: float = option(50.0, above=0.0, high=1e6, help="norm to which longer gradients are shortened")
    whiten: Literal["never", "colour", "photographs", "always"] = option(
        "never",
        help="which pictures begin whitened: none, those in colour, photographs (less than a quarter black or "
        "white; by covariance alone), or all",
    )
    whiten_by: Literal["frequency", "covariance"] = option(
        "frequency",
        help="what has variance 1 in whitened pictures at first: spatial frequencies, whose scales go on learning, or "
        "principal components of the data (up to 4,096 numbers a picture; beyond, frequencies of those in colour)",
    )
    temperature: float = option(
        1.0, low=0.0, high=10.0, help="deviation of the noise that samples are made of; 1 is the model", stage="sample"
    )


@dataclass(frozen=True)
class RealNVPConfig(FlowConfig):
    """Dinh et al. 2017, section 4.1."""

    scales: int | None = option(
        None, low=1, high=8, help="scales of images; none: 2 up to 32 pixels, beyond as many as lead to 8"
    )
    features: int = option(64, low=1, high=1024, help="channels of the first couplings, doubled at every halving")
    blocks: int = option(8, low=1, high=64, help="residual blocks in the network of a coupling")
    alpha: float = option(0.05, above=0.0, high=0.5, help="share of values kept off the infinite ends of the logit")
    weight_decay: float = option(5e-5, low=0.0, high=1.0, help="L2 penalty of scales and of the lengths of weights")
    couplings: int = option(6, low=2, high=64, help="couplings of rows")
    hidden: int = option(128, low=1, high=8192, help="units of the two hidden layers of their networks")


@dataclass(frozen=True)
class GlowConfig(FlowConfig):
    """Kingma and Dhariwal 2018, section 5 and appendix."""

    warmup: int = _warmup(8000)
    scales: int | None = option(None, low=1, high=8, help="levels L; none: as many as lead to 4 to 7 pixels")
    depth: int = option(32, low=1, high=256, help="steps of flow K at every level")
    width: int = option(512, low=1, high=4096, help="channels inside a coupling")
    least_scale: float = option(
        0.0, low=0.0, high=0.9, help="what a coupling scales by at least, which bounds the way back; 0: the paper's"
    )
