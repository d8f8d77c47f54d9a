"""Options that GANs share, each with its bounds and its words; only defaults differ between them."""

from __future__ import annotations

from typing import Any

from genharness import ConfigError, option
from genharness.spec.options import read_names

__all__ = [
    "TRANSFORMATIONS",
    "beta1",
    "beta2",
    "blocks",
    "critic_steps",
    "discriminator_lr",
    "generator_batch",
    "latent",
    "lr",
    "optimizer",
    "read_transformations",
    "schedule",
    "width",
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


def latent(default: int) -> Any:
    """Return an option: the size of the noise."""
    return option(default, low=1, high=4096, help="dimensions of the noise z", search=(16, 256), log=True)


def width(default: int, text: str = "channels at the finest stage; doubled at every halving of the side") -> Any:
    """Return an option: the width of the players."""
    return option(default, low=1, high=2048, help=text)


def blocks(default: int) -> Any:
    """Return an option: residual convolutions at a resolution."""
    return option(default, low=0, high=16, help="residual 3x3 convolutions at every resolution, in both players")


def lr(default: float) -> Any:
    """Return an option: the learning rate."""
    help_text = "learning rate of both players"
    return option(default, above=0.0, high=1.0, help=help_text, search=(2e-5, 2e-3), log=True)


def discriminator_lr(default: float | None) -> Any:
    """Return an option: the discriminator's own learning rate."""
    return option(default, above=0.0, high=1.0, help="learning rate of the discriminator or critic; none: lr")


def beta1(default: float) -> Any:
    """Return an option: decay of the first moment."""
    return option(default, low=0.0, high=0.99999, help="decay of the mean of gradients (adam); momentum (sgd)")


def beta2(default: float) -> Any:
    """Return an option: decay of the second moment."""
    return option(default, low=0.0, high=0.99999, help="decay of the mean of squared gradients (adam, rmsprop)")


def optimizer(default: str) -> Any:
    """Return an option: the optimiser."""
    return option(default, help="what trains both players")


def schedule(default: str) -> Any:
    """Return an option: the fall of learning rates."""
    return option(default, help="how learning rates fall over the budget: not at all, or to 0")


def critic_steps(default: int) -> Any:
    """Return an option: critic steps for one of the generator."""
    return option(default, low=1, high=100, help="critic steps for each generator step")


def generator_batch(default: int) -> Any:
    """Return an option: the generator's batch."""
    return option(default, low=1, high=16, help="generator batch, in multiples of the data batch")
