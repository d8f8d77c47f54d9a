"""Options of the GANs of perceptrons and plain convolutions, and what all GANs can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from genharness import option
from genharness_model_gan.configs import fields

__all__ = [
    "ACGANConfig",
    "ClassicConfig",
    "DCGANConfig",
    "DeepDCGANConfig",
    "GANConfig",
    "PlayersConfig",
    "WGANConfig",
]


@dataclass(frozen=True)
class PlayersConfig:
    """What every GAN can be told: how its players are trained, and on what.

    Attributes are options; `conditional` is there in `ClassicConfig`, for models that can do without classes.
    """

    latent: int = fields.latent(100)
    lr: float = fields.lr(2e-4)
    discriminator_lr: float | None = fields.discriminator_lr(None)
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = fields.optimizer("adam")
    beta1: float = fields.beta1(0.5)
    beta2: float = fields.beta2(0.999)
    schedule: Literal["constant", "linear", "cosine"] = fields.schedule("constant")
    dequantise: bool = option(False, help="spread real images uniformly over their grey levels")
    diffaugment: tuple[str, ...] = option(
        (),
        read=fields.read_transformations,
        help="show both kinds of images changed at random: any of colour, translation, cutout; or all",
    )


@dataclass(frozen=True)
class ClassicConfig(PlayersConfig):
    """What every GAN can be told that may learn classes or not."""

    conditional: bool = option(False, help="learn classes, and make those that are asked for")


@dataclass(frozen=True)
class GANConfig(ClassicConfig):
    """Goodfellow et al. 2014, with the optimiser that later work settled on."""

    width: int = fields.width(512, "units of a hidden layer, in both players")
    layers: int = option(3, low=1, high=16, help="hidden layers, in both players")


@dataclass(frozen=True)
class DCGANConfig(ClassicConfig):
    """Radford et al. 2016, section 4."""

    width: int = fields.width(64)
    blocks: int = fields.blocks(0)


@dataclass(frozen=True)
class DeepDCGANConfig(DCGANConfig):
    """DCGAN with residual convolutions at every resolution."""

    blocks: int = fields.blocks(1)


@dataclass(frozen=True)
class ACGANConfig(PlayersConfig):
    """Odena et al. 2017 with the choices of Gulrajani et al. 2017: class-conditional batch norm, class weights.

    With `classify_fakes` the discriminator's class loss covers generated images as well, as Odena et al. write
    it; on small budgets the two players then settle on classes of their own, unlike those of the data.
    """

    width: int = fields.width(64)
    blocks: int = fields.blocks(0)
    class_weight: float = option(1.0, low=0.0, high=100.0, help="weight of the class loss for the discriminator")
    generator_class_weight: float = option(0.1, low=0.0, high=100.0, help="weight of the class loss for the generator")
    classify_fakes: bool = option(False, help="train the class loss of the discriminator on generated images too")


@dataclass(frozen=True)
class WGANConfig(ClassicConfig):
    """Arjovsky et al. 2017, algorithm 1."""

    width: int = fields.width(64)
    blocks: int = fields.blocks(0)
    lr: float = fields.lr(5e-5)
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = fields.optimizer("rmsprop")
    beta1: float = fields.beta1(0.0)
    beta2: float = fields.beta2(0.99)
    clip: float = option(0.01, above=0.0, high=10.0, help="critic weights are clipped to [-clip, clip]")
    critic_steps: int = fields.critic_steps(5)
