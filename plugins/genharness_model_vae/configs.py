"""Options of the autoencoders. Torch-free: listing and planning read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from genharness import option

__all__ = ["AEConfig", "BetaVAEConfig", "GaussianCodesConfig", "VAEConfig", "VAEGMMConfig", "VQVAEConfig"]


@dataclass(frozen=True)
class AEConfig:
    """Options of `ae`, and what the other autoencoders share with it."""

    latent: int = option(16, low=1, high=4096, help="dimensions of the latent code z", search=(4, 128), log=True)
    width: int = option(32, low=1, high=1024, help="channels of the first convolution; doubled at every halving, twice")
    hidden: int = option(256, low=1, high=8192, help="units of the dense layers (tables: of every layer)")
    layers: int = option(1, low=1, high=16, help="hidden dense layers of each network (tables: one more)")
    lr: float = option(1e-3, above=0, high=1, help="learning rate", search=(1e-4, 1e-2), log=True)
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = option("adam", help="what trains the networks")
    schedule: Literal["constant", "linear", "cosine"] = option(
        "constant", help="how the learning rate falls over the budget: not at all, or to 0"
    )


@dataclass(frozen=True)
class GaussianCodesConfig(AEConfig):
    """What autoencoders with a Gaussian posterior share."""

    likelihood: Literal["bernoulli", "gaussian"] = option(
        "gaussian", help="p(x|z) of pixels; tables are always gaussian"
    )
    sigma: float | None = option(None, above=0, high=10, help="sigma of a gaussian p(x|z); none fits it to the errors")


@dataclass(frozen=True)
class VAEConfig(GaussianCodesConfig):
    """Options of `vae`."""

    conditional: bool = option(False, help="learn a Gaussian of codes for each class, and make those asked for")


@dataclass(frozen=True)
class BetaVAEConfig(VAEConfig):
    """Options of `beta-vae`.

    Its sigma is given, not fitted: a fitted one grows with the errors that a heavier KL term brings, which makes that
    term heavier still, until nothing is encoded.
    """

    sigma: float | None = option(0.3, above=0, high=10, help="sigma of a gaussian p(x|z); none fits it to the errors")
    beta: float = option(4.0, low=0, high=1000, help="weight of the KL term; 1 is the VAE", search=(0.5, 10), log=True)


@dataclass(frozen=True)
class VAEGMMConfig(GaussianCodesConfig):
    """Options of `vae-gmm`."""

    per_class: bool = option(True, help="fit a mixture to every class; false fits one to all data")
    components: int = option(4, low=1, high=1000, help="Gaussians in each mixture")
    reg_covar: float = option(1e-3, above=0, high=1, help="added to the diagonal of every covariance")


@dataclass(frozen=True)
class VQVAEConfig:
    """Options of `vq-vae`."""

    codes: int = option(512, low=2, high=65536, help="number K of vectors in the codebook")
    dimensions: int = option(64, low=1, high=1024, help="dimensions D of a vector")
    hidden: int = option(128, low=1, high=1024, help="channels of encoder and decoder")
    residual: int = option(32, low=1, high=1024, help="channels inside a residual block")
    blocks: int = option(2, low=0, high=16, help="residual blocks in encoder and decoder each")
    commitment: float = option(0.25, low=0, high=100, help="weight of the commitment loss (the paper's beta)")
    decay: float = option(0.99, low=0, high=0.99999, help="decay of the codebook's moving averages")
    restart: float = option(0.1, low=0, high=1, help="move codes used less than this part of the mean; 0 for none")
    lr: float = option(3e-4, above=0, high=1, help="learning rate of Adam for the autoencoder")
    prior_from: float = option(0.5, low=0, high=1, help="fraction of the budget after which the prior is trained")
    prior_width: int = option(64, low=1, high=1024, help="channels of the PixelCNN prior")
    prior_layers: int = option(6, low=1, high=64, help="gated layers of the PixelCNN prior")
    prior_lr: float = option(1e-3, above=0, high=1, help="learning rate of Adam for the prior")
    conditional: bool = option(False, help="let the prior learn classes, and make those that are asked for")
    label_dropout: float = option(0.1, low=0.0, high=1.0, help="share of labels that the prior learns to do without")
    temperature: float = option(
        1.0, above=0.0, high=100.0, help="what the prior's logits are divided by; 1 is the model", stage="sample"
    )
