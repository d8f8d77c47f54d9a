"""Options of PGGAN and StyleGAN2, with the papers' values as defaults. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass

from genharness import option
from genharness_model_gan.configs import ClassicConfig

__all__ = ["PGGANConfig", "StyleGAN2Config"]


@dataclass(frozen=True)
class PGGANConfig(ClassicConfig):
    """Karras et al. 2018, appendix A."""

    latent: int = option(512, low=1, high=4096, help="dimensions of the noise z")
    width: int = option(512, low=1, high=2048, help="channels of all sides up to full_side")
    full_side: int = option(
        32, low=1, high=1024, help="largest side in pixels with all channels; half of them at every doubling above"
    )
    lr: float = option(1e-3, above=0.0, high=1.0, help="learning rate of both players")
    beta1: float = option(0.0, low=0.0, high=0.99999, help="decay of the mean of gradients (adam); momentum (sgd)")
    beta2: float = option(0.99, low=0.0, high=0.99999, help="decay of the mean of squared gradients (adam, rmsprop)")
    final: float = option(
        0.5, low=0.0, high=0.99, help="share of the budget at full size, once it has faded in; levels share the rest"
    )
    penalty: float = option(10.0, low=0.0, high=1e4, help="weight lambda of the gradient penalty")
    drift: float = option(1e-3, low=0.0, high=100.0, help="weight of the mean square of the scores of real images")


@dataclass(frozen=True)
class StyleGAN2Config(ClassicConfig):
    """Karras et al. 2020a, in the configuration that Karras et al. 2020b give for CIFAR-10."""

    latent: int = option(512, low=1, high=4096, help="dimensions of the noise z")
    style: int = option(512, low=1, high=4096, help="dimensions of the style w")
    width: int = option(512, low=1, high=2048, help="channels of all sides up to full_side")
    full_side: int = option(
        32, low=1, high=1024, help="largest side in pixels with all channels; half of them at every doubling above"
    )
    mapping: int = option(2, low=1, high=16, help="layers from z to w")
    residual: bool | None = option(
        None, help="residual paths in the discriminator; none: from 64 pixels on, as the paper has it"
    )
    group: int = option(32, low=1, high=1024, help="samples of a group of the minibatch deviation")
    lr: float = option(2.5e-3, above=0.0, high=1.0, help="learning rate of both players")
    beta1: float = option(0.0, low=0.0, high=0.99999, help="decay of the mean of gradients (adam); momentum (sgd)")
    beta2: float = option(0.99, low=0.0, high=0.99999, help="decay of the mean of squared gradients (adam, rmsprop)")
    r1_gamma: float = option(0.01, low=0.0, high=1e4, help="weight gamma of the gradient penalty R1 at real images")
    r1_every: int = option(16, low=1, high=1000, help="training steps between two penalties, each that much heavier")
    ada: bool = option(False, help="adaptive augmentation, for small data: its probability follows the discriminator")
    ada_target: float = option(0.6, low=-1.0, high=1.0, help="E[sign D(x)] of real images that it is steered to")
    ada_kimg: float = option(500.0, above=0.0, high=1e6, help="thousands of images in which it would go from 0 to 1")
    ada_colour: bool = option(True, help="augment colours as well as places")
    truncation: float = option(
        1.0, low=0.0, high=2.0, stage="sample", help="psi: w at psi times its distance from the mean; 1 for scores"
    )
