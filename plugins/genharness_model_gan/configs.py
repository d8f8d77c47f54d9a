"""Options of the GANs, with the papers' values as defaults. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from genharness import ConfigError, option
from genharness.spec.options import read_names

__all__ = [
    "ACGANConfig",
    "BigGANLiteConfig",
    "CGANPDConfig",
    "ClassicConfig",
    "DCGANConfig",
    "DeepDCGANConfig",
    "GANConfig",
    "PlayersConfig",
    "SAGANConfig",
    "SNGANConfig",
    "SNWGANGPConfig",
    "WGANConfig",
    "WGANGPConfig",
]

TRANSFORMATIONS = ("colour", "translation", "cutout")


def read_transformations(value: object) -> tuple[str, ...]:
    """Return names of DiffAugment's transformations; `all` is all of them, `none` not one.

    Raises:
        ConfigError: If one is unknown; the rest of a sentence.
    """
    named = {"all": TRANSFORMATIONS, "none": ()}
    names = named[value] if isinstance(value, str) and value in named else read_names(value)
    strange = [name for name in names if name not in TRANSFORMATIONS]
    if strange:
        raise ConfigError(f"names {strange[0]!r}: choose of {', '.join(TRANSFORMATIONS)}, or write all or none")
    return tuple(name for name in TRANSFORMATIONS if name in names)


def _latent(default: int) -> Any:
    return option(default, low=1, high=4096, help="dimensions of the noise z", search=(16, 256), log=True)


def _width(default: int, text: str = "channels at the finest stage; doubled at every halving of the side") -> Any:
    return option(default, low=1, high=2048, help=text)


def _blocks(default: int) -> Any:
    return option(default, low=0, high=16, help="residual 3x3 convolutions at every resolution, in both players")


def _lr(default: float) -> Any:
    help_text = "learning rate of both players"
    return option(default, above=0.0, high=1.0, help=help_text, search=(2e-5, 2e-3), log=True)


def _discriminator_lr(default: float | None) -> Any:
    return option(default, above=0.0, high=1.0, help="learning rate of the discriminator or critic; none: lr")


def _beta1(default: float) -> Any:
    return option(default, low=0.0, high=0.99999, help="decay of the mean of gradients (adam); momentum (sgd)")


def _beta2(default: float) -> Any:
    return option(default, low=0.0, high=0.99999, help="decay of the mean of squared gradients (adam, rmsprop)")


def _optimizer(default: str) -> Any:
    return option(default, help="what trains both players")


def _schedule(default: str) -> Any:
    return option(default, help="how learning rates fall over the budget: not at all, or to 0")


def _critic_steps(default: int) -> Any:
    return option(default, low=1, high=100, help="critic steps for each generator step")


def _generator_batch(default: int) -> Any:
    return option(default, low=1, high=16, help="generator batch, in multiples of the data batch")


@dataclass(frozen=True)
class PlayersConfig:
    """What every GAN can be told: how its players are trained, and on what.

    Attributes are options; `conditional` is there in `ClassicConfig`, for models that can do without classes.
    """

    latent: int = _latent(100)
    lr: float = _lr(2e-4)
    discriminator_lr: float | None = _discriminator_lr(None)
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = _optimizer("adam")
    beta1: float = _beta1(0.5)
    beta2: float = _beta2(0.999)
    schedule: Literal["constant", "linear", "cosine"] = _schedule("constant")
    dequantise: bool = option(False, help="spread real images uniformly over their grey levels")
    diffaugment: tuple[str, ...] = option(
        (),
        read=read_transformations,
        help="show both kinds of images changed at random: any of colour, translation, cutout; or all",
    )


@dataclass(frozen=True)
class ClassicConfig(PlayersConfig):
    """What every GAN can be told that may learn classes or not."""

    conditional: bool = option(False, help="learn classes, and make those that are asked for")


@dataclass(frozen=True)
class GANConfig(ClassicConfig):
    """Goodfellow et al. 2014, with the optimiser that later work settled on."""

    width: int = _width(512, "units of a hidden layer, in both players")
    layers: int = option(3, low=1, high=16, help="hidden layers, in both players")


@dataclass(frozen=True)
class DCGANConfig(ClassicConfig):
    """Radford et al. 2016, section 4."""

    width: int = _width(64)
    blocks: int = _blocks(0)


@dataclass(frozen=True)
class DeepDCGANConfig(DCGANConfig):
    """DCGAN with residual convolutions at every resolution."""

    blocks: int = _blocks(1)


@dataclass(frozen=True)
class ACGANConfig(PlayersConfig):
    """Odena et al. 2017 with the choices of Gulrajani et al. 2017: class-conditional batch norm, class weights.

    With `classify_fakes` the discriminator's class loss covers generated images as well, as Odena et al. write
    it; on small budgets the two players then settle on classes of their own, unlike those of the data.
    """

    width: int = _width(64)
    blocks: int = _blocks(0)
    class_weight: float = option(1.0, low=0.0, high=100.0, help="weight of the class loss for the discriminator")
    generator_class_weight: float = option(0.1, low=0.0, high=100.0, help="weight of the class loss for the generator")
    classify_fakes: bool = option(False, help="train the class loss of the discriminator on generated images too")


@dataclass(frozen=True)
class WGANConfig(ClassicConfig):
    """Arjovsky et al. 2017, algorithm 1."""

    width: int = _width(64)
    blocks: int = _blocks(0)
    lr: float = _lr(5e-5)
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = _optimizer("rmsprop")
    beta1: float = _beta1(0.0)
    beta2: float = _beta2(0.99)
    clip: float = option(0.01, above=0.0, high=10.0, help="critic weights are clipped to [-clip, clip]")
    critic_steps: int = _critic_steps(5)


@dataclass(frozen=True)
class WGANGPConfig(ClassicConfig):
    """Gulrajani et al. 2017, algorithm 1 and appendix F (CIFAR-10 ResNet)."""

    latent: int = _latent(128)
    body: Literal["resnet", "dcgan"] = option("resnet", help="networks for images; a table always gets perceptrons")
    width: int = _width(128, "channels (of dcgan: at the finest stage); a table gets four times as many units")
    beta1: float = _beta1(0.0)
    beta2: float = _beta2(0.9)
    schedule: Literal["constant", "linear", "cosine"] = _schedule("linear")
    critic_steps: int = _critic_steps(5)
    generator_batch: int = _generator_batch(2)
    penalty: float = option(10.0, low=0.0, high=1e4, help="weight lambda of the gradient penalty")


@dataclass(frozen=True)
class SNWGANGPConfig(WGANGPConfig):
    """WGAN-GP; the critic is spectrally normalised as well."""


@dataclass(frozen=True)
class CGANPDConfig(PlayersConfig):
    """Miyato and Koyama 2018, and the networks of Miyato et al. 2018, table 4 (CIFAR-10 ResNet)."""

    latent: int = _latent(128)
    generator_width: int = _width(256, "channels of the generator's residual blocks")
    width: int = _width(128, "channels of the discriminator's residual blocks")
    beta1: float = _beta1(0.0)
    beta2: float = _beta2(0.9)
    schedule: Literal["constant", "linear", "cosine"] = _schedule("linear")
    critic_steps: int = _critic_steps(5)
    generator_batch: int = _generator_batch(2)


@dataclass(frozen=True)
class SNGANConfig(CGANPDConfig):
    """Miyato et al. 2018, table 4 (CIFAR-10 ResNet) and section 4.2."""


@dataclass(frozen=True)
class SAGANConfig(CGANPDConfig, ClassicConfig):
    """Zhang et al. 2019, section 4, on the networks of SNGAN."""

    lr: float = _lr(1e-4)
    discriminator_lr: float | None = _discriminator_lr(4e-4)
    schedule: Literal["constant", "linear", "cosine"] = _schedule("constant")
    critic_steps: int = _critic_steps(1)
    generator_batch: int = _generator_batch(1)
    attention: int = option(16, low=0, high=1024, help="the largest side of at most so many pixels attends; 0: none")


@dataclass(frozen=True)
class BigGANLiteConfig(CGANPDConfig):
    """Brock et al. 2019, appendix C.2 (CIFAR-10)."""

    latent: int = option(20, low=1, high=4096, help="dimensions of each part of z: one for each block, one before them")
    shared: int = option(128, low=1, high=4096, help="dimensions of a class's vector, which all blocks share")
    width: int = _width(256, "channels of the discriminator's residual blocks")
    beta2: float = _beta2(0.999)
    schedule: Literal["constant", "linear", "cosine"] = _schedule("constant")
    critic_steps: int = _critic_steps(4)
    generator_batch: int = _generator_batch(1)
    attention: int = option(16, low=0, high=1024, help="the largest side of at most so many pixels attends; 0: none")
