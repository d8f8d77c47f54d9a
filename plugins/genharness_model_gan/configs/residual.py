"""Options of the GANs of residual networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from genharness import option
from genharness_model_gan.configs import fields
from genharness_model_gan.configs.plain import ClassicConfig, PlayersConfig

__all__ = [
    "BigGANLiteConfig",
    "CGANPDConfig",
    "SAGANConfig",
    "SNGANConfig",
    "SNWGANGPConfig",
    "WGANGPConfig",
]


@dataclass(frozen=True)
class WGANGPConfig(ClassicConfig):
    """Gulrajani et al. 2017, algorithm 1 and appendix F (CIFAR-10 ResNet)."""

    latent: int = fields.latent(128)
    body: Literal["resnet", "dcgan"] = option("resnet", help="networks for images; a table always gets perceptrons")
    width: int = fields.width(128, "channels (of dcgan: at the finest stage); a table gets four times as many units")
    beta1: float = fields.beta1(0.0)
    beta2: float = fields.beta2(0.9)
    schedule: Literal["constant", "linear", "cosine"] = fields.schedule("linear")
    critic_steps: int = fields.critic_steps(5)
    generator_batch: int = fields.generator_batch(2)
    penalty: float = option(10.0, low=0.0, high=1e4, help="weight lambda of the gradient penalty")


@dataclass(frozen=True)
class SNWGANGPConfig(WGANGPConfig):
    """WGAN-GP; the critic is spectrally normalised as well."""


@dataclass(frozen=True)
class CGANPDConfig(PlayersConfig):
    """Miyato and Koyama 2018, and the networks of Miyato et al. 2018, table 4 (CIFAR-10 ResNet)."""

    latent: int = fields.latent(128)
    generator_width: int = fields.width(256, "channels of the generator's residual blocks")
    width: int = fields.width(128, "channels of the discriminator's residual blocks")
    beta1: float = fields.beta1(0.0)
    beta2: float = fields.beta2(0.9)
    schedule: Literal["constant", "linear", "cosine"] = fields.schedule("linear")
    critic_steps: int = fields.critic_steps(5)
    generator_batch: int = fields.generator_batch(2)


@dataclass(frozen=True)
class SNGANConfig(CGANPDConfig):
    """Miyato et al. 2018, table 4 (CIFAR-10 ResNet) and section 4.2."""


@dataclass(frozen=True)
class SAGANConfig(CGANPDConfig, ClassicConfig):
    """Zhang et al. 2019, section 4, on the networks of SNGAN."""

    lr: float = fields.lr(1e-4)
    discriminator_lr: float | None = fields.discriminator_lr(4e-4)
    schedule: Literal["constant", "linear", "cosine"] = fields.schedule("constant")
    critic_steps: int = fields.critic_steps(1)
    generator_batch: int = fields.generator_batch(1)
    attention: int = option(16, low=0, high=1024, help="the largest side of at most so many pixels attends; 0: none")


@dataclass(frozen=True)
class BigGANLiteConfig(CGANPDConfig):
    """Brock et al. 2019, appendix C.2 (CIFAR-10)."""

    latent: int = option(20, low=1, high=4096, help="dimensions of each part of z: one for each block, one before them")
    shared: int = option(128, low=1, high=4096, help="dimensions of a class's vector, which all blocks share")
    width: int = fields.width(256, "channels of the discriminator's residual blocks")
    beta2: float = fields.beta2(0.999)
    schedule: Literal["constant", "linear", "cosine"] = fields.schedule("constant")
    critic_steps: int = fields.critic_steps(4)
    generator_batch: int = fields.generator_batch(1)
    attention: int = option(16, low=0, high=1024, help="the largest side of at most so many pixels attends; 0: none")
