"""Options of the diffusion models, with the papers' values as defaults. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from genharness import ConfigError, option

__all__ = ["ConsistencyConfig", "DDPMConfig", "EDMConfig", "FlowMatchingConfig", "ScoreSDEConfig", "UNetConfig"]


def _lr(default: float) -> Any:
    return option(default, above=0.0, high=1.0, help="learning rate of Adam")


def _warmup(default: int) -> Any:
    return option(default, low=0, high=10**7, help="steps over which the learning rate rises from 0")


def _dropout(default: float) -> Any:
    return option(default, low=0.0, high=0.9, help="share of features that residual blocks drop in training")


def _steps(default: int) -> Any:
    return option(default, low=1, high=10_000, help="steps of the sampler", stage="sample")


@dataclass(frozen=True)
class UNetConfig:
    """The network of Ho et al. 2020, appendix B, and how it is trained.

    Raises:
        ConfigError: If guidance is asked of a model that learns no classes, or always knows them.
    """

    ch: int = option(128, low=4, high=1024, help="channels at the image's side, a multiple of 4")
    mult: tuple[int, ...] | None = option(
        None,
        low=1,
        high=64,
        help="channels at every side as multiples of ch; none: 1, then 2 at every halving down to 4 to 7 pixels",
    )
    blocks: int = option(
        2, low=1, high=16, help="residual blocks at every side on the way down, one more on the way up"
    )
    attention: int = option(16, low=0, high=1024, help="the first side of at most so many pixels attends; 0 for none")
    heads: int = option(1, low=1, high=64, help="attention heads")
    dropout: float = _dropout(0.1)
    lr: float = _lr(2e-4)
    warmup: int = _warmup(5000)
    decay: float = option(0.0, low=0.0, high=1.0, help="share of the budget, at its end, in which the rate falls to 0")
    clip: float = option(1.0, above=0.0, high=1e6, help="norm to which longer gradients are shortened")
    conditional: bool = option(False, help="learn classes, and make those that are asked for")
    label_dropout: float = option(0.1, low=0.0, high=1.0, help="share of labels that are withheld, for guidance")
    guidance: float = option(
        1.0,
        low=0.0,
        high=100.0,
        help="weight w of e_u + w (e_c - e_u) between outputs without and with the class",
        stage="sample",
    )

    def __post_init__(self) -> None:
        if self.guidance != 1 and not self.conditional:
            raise ConfigError(f"guidance={self.guidance:g} needs classes to guide to: set conditional=true")
        if self.guidance != 1 and self.label_dropout == 0:
            raise ConfigError(f"guidance={self.guidance:g} needs a model that can do without labels: label_dropout > 0")


@dataclass(frozen=True)
class DDPMConfig(UNetConfig):
    """Ho et al. 2020, section 4 and appendix B; the choices of Nichol and Dhariwal 2021 as options.

    Raises:
        ConfigError: If the sampler takes more steps than the chain has, besides the reasons of `UNetConfig`.
    """

    T: int = option(1000, low=2, high=100_000, help="steps of the chain from image to noise")
    schedule: Literal["linear", "cosine"] = option("linear", help="how noise grows along the chain")
    predict: Literal["eps", "v", "x0"] = option("eps", help="what the network predicts")
    variance: Literal["fixed-small", "fixed-large", "learned"] = option(
        "fixed-large", help="of a step back: beta-tilde, beta, or between the two as the network says"
    )
    min_snr: float | None = option(
        None, above=0.0, high=1e6, help="gamma of Min-SNR weights; none weighs all times alike"
    )
    sampler: Literal["ddpm", "ddim", "dpmpp-2m", "heun"] = option("ddpm", help="how samples are drawn", stage="sample")
    steps: int = option(1000, low=1, high=100_000, help="steps of the sampler, T at most", stage="sample")
    eta: float = option(
        0.0, low=0.0, high=1.0, help="noise of ddim's steps: 0 for none, 1 for as much as ddpm", stage="sample"
    )
    clip_x0: bool = option(True, help="clip predicted images to [-1, 1] at every step of ddpm and ddim", stage="sample")
    bound_terms: int = option(
        1000,
        low=1,
        high=100_000,
        help="terms of the likelihood's bound that are computed for each image, T - 1 for all",
        stage="sample",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.steps > self.T:
            raise ConfigError(f"steps={self.steps} is more than the chain has: at most T={self.T}")


@dataclass(frozen=True)
class EDMConfig(UNetConfig):
    """Karras et al. 2022, table 1, last column, and table 2."""

    dropout: float = _dropout(0.13)
    lr: float = _lr(1e-3)
    warmup: int = _warmup(20_000)
    sigma_data: float | None = option(
        0.5, above=0.0, high=10.0, help="standard deviation of the data; none measures it on the first batch"
    )
    noise_mean: float = option(
        -1.2, low=-10.0, high=10.0, help="mean P_mean of the logarithms of noise levels in training"
    )
    noise_std: float = option(1.2, above=0.0, high=10.0, help="their standard deviation P_std")
    sampler: Literal["heun", "euler", "dpmpp-2m"] = option(
        "heun", help="solver of the probability flow", stage="sample"
    )
    steps: int = _steps(18)
    sigma_min: float = option(
        0.002, above=0.0, high=1.0, help="lowest noise level of the sampler above 0", stage="sample"
    )
    sigma_max: float = option(80.0, above=1.0, high=1e5, help="highest noise level of the sampler", stage="sample")
    rho: float = option(
        7.0, low=1.0, high=100.0, help="how much closer together low levels are than high ones", stage="sample"
    )
    churn: float = option(
        0.0, low=0.0, high=1e4, help="S_churn: noise that heun adds and takes away; 0 for none", stage="sample"
    )
    churn_low: float = option(0.0, low=0.0, high=1e5, help="S_tmin: lowest level that is churned", stage="sample")
    churn_high: float = option(1e5, low=0.0, high=1e5, help="S_tmax: highest level that is churned", stage="sample")
    churn_noise: float = option(
        1.0, low=0.0, high=2.0, help="S_noise: standard deviation of the noise that is added", stage="sample"
    )


@dataclass(frozen=True)
class _FlowLikelihoodConfig(UNetConfig):
    """A likelihood along an ordinary differential equation."""

    dequantise: bool = option(False, help="spread training images over their grey levels, for better likelihoods")
    likelihood_steps: int = option(
        50, low=1, high=10_000, help="steps of heun, two evaluations each, of a likelihood", stage="sample"
    )
    likelihood_samples: int = option(
        1000,
        low=0,
        high=10_000_000,
        help="held-out images whose likelihood is computed, at most; 0 for all",
        stage="sample",
    )
    probes: int = option(
        1, low=1, high=1000, help="random signs that a likelihood's divergence is averaged over", stage="sample"
    )


@dataclass(frozen=True)
class FlowMatchingConfig(_FlowLikelihoodConfig):
    """Lipman et al. 2022 and Tong et al. 2023, with the optimiser of the latter; reflow of Liu et al. 2022.

    Raises:
        ConfigError: If more of the budget is to be distilled than is reflow, besides the reasons of `UNetConfig`.
    """

    coupling: Literal["independent", "ot"] = option(
        "independent", help="which noise goes with which image: any, or the nearest assignment within a batch"
    )
    times: Literal["uniform", "logit-normal"] = option("uniform", help="distribution of t in training")
    reflow: float = option(
        0.0, low=0.0, high=0.95, help="share of the budget, at its end, that learns from the flow's own pairs"
    )
    distil: float = option(
        0.0, low=0.0, high=0.95, help="share of the budget, at the end of reflow, that learns the way in one step"
    )
    reflow_pairs: int = option(4096, low=2, high=10**6, help="pairs of noise and image that reflow keeps at a time")
    reflow_steps: int = option(10, low=1, high=1000, help="steps of heun that make a pair, two evaluations each")
    sampler: Literal["heun", "euler", "dopri5"] = option("heun", help="solver of the flow", stage="sample")
    steps: int = _steps(25)
    tolerance: float = option(
        1e-5, above=0.0, high=0.1, help="relative and absolute error of a step of dopri5", stage="sample"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.distil > self.reflow:
            raise ConfigError(
                f"distil={self.distil:g} of the budget needs as much reflow, whose pairs it learns: set reflow too"
            )


@dataclass(frozen=True)
class ScoreSDEConfig(_FlowLikelihoodConfig):
    """Song et al. 2021, section 4 and appendix C."""

    sde: Literal["ve", "vp", "sub-vp"] = option("ve", help="how noise is added: by a growing variance, or keeping it")
    sigma_low: float = option(0.01, above=0.0, high=1.0, help="lowest noise level of ve")
    sigma_high: float = option(50.0, above=1.0, high=1e5, help="highest noise level of ve")
    beta_min: float = option(0.1, above=0.0, high=10.0, help="pace of noise at the beginning, of vp and sub-vp")
    beta_max: float = option(20.0, above=10.0, high=1e3, help="pace of noise at the end, of vp and sub-vp")
    sampler: Literal["pc", "heun", "dpmpp-2m"] = option(
        "pc", help="predictor and corrector, or a solver of the probability flow", stage="sample"
    )
    steps: int = _steps(1000)
    spacing: Literal["time", "karras"] = option(
        "time", help="noise levels of the sampler: at even times, or closer together where they are low", stage="sample"
    )
    clip_x0: bool = option(
        False,
        help="clip what is taken for the image to [-1, 1] at every step: at high noise small errors are large in it",
        stage="sample",
    )
    corrections: int = option(
        1, low=0, high=100, help="steps of Langevin dynamics at every level of pc", stage="sample"
    )
    snr: float = option(
        0.16, above=0.0, high=10.0, help="ratio of signal to noise that a correction of pc keeps to", stage="sample"
    )


@dataclass(frozen=True)
class ConsistencyConfig(UNetConfig):
    """Song and Dhariwal 2023, table 1."""

    lr: float = _lr(1e-4)
    warmup: int = _warmup(2000)
    dropout: float = _dropout(0.3)
    sigma_data: float = option(0.5, above=0.0, high=10.0, help="standard deviation of the data")
    sigma_min: float = option(0.002, above=0.0, high=1.0, help="noise level at which the function is the identity")
    sigma_max: float = option(80.0, above=1.0, high=1e5, help="highest noise level")
    noise_mean: float = option(-1.1, low=-10.0, high=10.0, help="mean of the logarithms of noise levels in training")
    noise_std: float = option(2.0, above=0.0, high=10.0, help="their standard deviation")
    levels_first: int = option(10, low=1, high=100_000, help="steps between noise levels at the beginning")
    levels_last: int = option(
        1280, low=1, high=100_000, help="steps between noise levels at the end: they double in between"
    )
    huber: float = option(0.00054, low=0.0, high=1.0, help="c of the Pseudo-Huber loss, times the root of dimensions")
    steps: int = option(1, low=1, high=1000, help="evaluations of the network for a sample", stage="sample")
    middle: float = option(0.821, above=0.0, high=80.0, help="noise level of the last of several steps", stage="sample")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.levels_last < self.levels_first:
            raise ConfigError(
                f"levels_last={self.levels_last} is less than levels_first={self.levels_first}: levels grow in training"
            )
        if not self.sigma_min < self.middle < self.sigma_max:
            raise ConfigError(
                f"middle={self.middle:g} must lie between sigma_min={self.sigma_min:g} and sigma_max={self.sigma_max:g}"
            )
