"""Options of the GANs, with the papers' values as defaults. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from genharness import option

__all__ = [
    "ACGANConfig",
    "DCGANConfig",
    "DeepDCGANConfig",
    "GANConfig",
    "SNGANConfig",
    "SNWGANGPConfig",
    "WGANConfig",
    "WGANGPConfig",
]


def _latent(default: int) -> Any:
    return option(default, low=1, high=4096, help="dimensions of the noise z")


def _width(default: int, text: str = "channels at the finest stage; doubled at every halving of the side") -> Any:
    return option(default, low=1, high=2048, help=text)


def _lr(default: float, optimiser: str = "Adam") -> Any:
    return option(default, above=0.0, high=1.0, help=f"{optimiser} learning rate of both players")


def _beta1(default: float) -> Any:
    return option(default, low=0.0, high=0.99999, help="Adam decay of the running mean of gradients")


def _beta2(default: float) -> Any:
    return option(default, low=0.0, high=0.99999, help="Adam decay of the running mean of squared gradients")


def _decay() -> Any:
    return option(True, help="let the learning rate fall linearly to 0 over the budget")


def _critic_steps(default: int) -> Any:
    return option(default, low=1, high=100, help="critic steps for each generator step")


@dataclass(frozen=True)
class GANConfig:
    """Goodfellow et al. 2014, with the optimiser that later work settled on."""

    latent: int = _latent(100)
    width: int = _width(512, "units of a hidden layer, in both players")
    layers: int = option(3, low=1, high=16, help="hidden layers, in both players")
    lr: float = _lr(2e-4)
    beta1: float = _beta1(0.5)
    beta2: float = _beta2(0.999)


@dataclass(frozen=True)
class DCGANConfig:
    """Radford et al. 2016, section 4."""

    latent: int = _latent(100)
    width: int = _width(64)
    lr: float = _lr(2e-4)
    beta1: float = _beta1(0.5)
    beta2: float = _beta2(0.999)


@dataclass(frozen=True)
class DeepDCGANConfig(DCGANConfig):
    """DCGAN with residual convolutions at every resolution."""

    blocks: int = option(1, low=1, high=16, help="residual 3x3 convolutions at every resolution, in both players")


@dataclass(frozen=True)
class ACGANConfig(DCGANConfig):
    """Odena et al. 2017 with the choices of Gulrajani et al. 2017: class-conditional batch norm, class weights.

    With `classify_fakes` the discriminator's class loss covers generated images as well, as Odena et al. write
    it; on small budgets the two players then settle on classes of their own, unlike those of the data.
    """

    class_weight: float = option(1.0, low=0.0, high=100.0, help="weight of the class loss for the discriminator")
    generator_class_weight: float = option(0.1, low=0.0, high=100.0, help="weight of the class loss for the generator")
    classify_fakes: bool = option(False, help="train the class loss of the discriminator on generated images too")


@dataclass(frozen=True)
class WGANConfig:
    """Arjovsky et al. 2017, algorithm 1."""

    latent: int = _latent(100)
    width: int = _width(64)
    lr: float = _lr(5e-5, "RMSProp")
    clip: float = option(0.01, above=0.0, high=10.0, help="critic weights are clipped to [-clip, clip]")
    critic_steps: int = _critic_steps(5)


@dataclass(frozen=True)
class WGANGPConfig:
    """Gulrajani et al. 2017, algorithm 1 and appendix F (CIFAR-10 ResNet)."""

    latent: int = _latent(128)
    body: Literal["resnet", "dcgan"] = option("resnet", help="networks for images; a table always gets perceptrons")
    width: int = _width(128, "channels (of dcgan: at the finest stage); a table gets four times as many units")
    lr: float = _lr(2e-4)
    beta1: float = _beta1(0.0)
    beta2: float = _beta2(0.9)
    decay: bool = _decay()
    critic_steps: int = _critic_steps(5)
    penalty: float = option(10.0, low=0.0, high=1e4, help="weight lambda of the gradient penalty")


@dataclass(frozen=True)
class SNWGANGPConfig(WGANGPConfig):
    """WGAN-GP; the critic is spectrally normalised as well."""


@dataclass(frozen=True)
class SNGANConfig:
    """Miyato et al. 2018, table 4 (CIFAR-10 ResNet) and section 4.2."""

    latent: int = _latent(128)
    generator_width: int = _width(256, "channels of the generator's residual blocks")
    width: int = _width(128, "channels of the discriminator's residual blocks")
    lr: float = _lr(2e-4)
    beta1: float = _beta1(0.0)
    beta2: float = _beta2(0.9)
    decay: bool = _decay()
    critic_steps: int = _critic_steps(5)
    generator_batch: int = option(2, low=1, high=16, help="generator batch, in multiples of the data batch")
