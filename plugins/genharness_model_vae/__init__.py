"""Autoencoders: models that learn to encode samples and to decode codes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from genharness import ModelSpec, Recipe, hookimpl
from genharness_model_vae.configs import AEConfig, BetaVAEConfig, VAEConfig, VAEGMMConfig, VQVAEConfig

__all__ = ["genharness_models"]

RECIPES = {
    "smoke": Recipe(length="800steps", batch_size=128, options={"lr": 2e-3}, step_ms=110, full_up_to=32),
    "standard": Recipe(length="20000steps", batch_size=128, options={"width": 64}, step_ms=145),
    "paper": Recipe(length="100epochs", batch_size=100, options={"latent": 128, "lr": 1e-4}, step_ms=40),
}
# A sigma that leaves details to the decoder, so that few steps suffice for samples that resemble reconstructions.
WIDE = RECIPES | {"smoke": dataclasses.replace(RECIPES["smoke"], options={"lr": 2e-3, "sigma": 0.5})}
SMALL_VQ = {"codes": 64, "hidden": 64, "lr": 1e-3, "prior_width": 32, "prior_layers": 4, "prior_lr": 3e-3}
PAPER_VQ = {"restart": 0.0, "prior_layers": 15}


@hookimpl
def genharness_models() -> Sequence[ModelSpec]:
    """Return the autoencoders."""
    return [
        ModelSpec(
            name="vae",
            summary="Variational autoencoder with a Gaussian posterior and prior",
            factory="genharness_model_vae.vae:VAE",
            config=VAEConfig,
            family="vae",
            recipes=WIDE,
            paper="Kingma and Welling 2014, arXiv:1312.6114",
            modalities=("image", "tabular"),
            capabilities=(
                "reconstructions",
                "latents",
                "decoder",
                "likelihood:bound",
                "kl_to_prior",
                "conditions:conditional",
            ),
        ),
        ModelSpec(
            name="beta-vae",
            summary="VAE with a heavier KL term",
            factory="genharness_model_vae.beta_vae:BetaVAE",
            config=BetaVAEConfig,
            family="vae",
            recipes=RECIPES,
            paper="Higgins et al. 2017, ICLR",
            modalities=("image", "tabular"),
            capabilities=(
                "reconstructions",
                "latents",
                "decoder",
                "likelihood:bound",
                "kl_to_prior",
                "conditions:conditional",
            ),
        ),
        ModelSpec(
            name="vae-gmm",
            summary="VAE sampled from Gaussian mixtures over the latent means of every class",
            factory="genharness_model_vae.vae_gmm:VAEGMM",
            config=VAEGMMConfig,
            family="vae",
            recipes=WIDE,
            paper="Ghosh et al. 2020, arXiv:1903.12436 (ex-post density estimation)",
            modalities=("image", "tabular"),
            capabilities=("reconstructions", "latents", "decoder", "likelihood:bound", "kl_to_prior"),
        ),
        ModelSpec(
            name="ae",
            summary="Plain autoencoder, sampled from a Gaussian over its codes",
            factory="genharness_model_vae.ae:AE",
            config=AEConfig,
            family="vae",
            recipes=RECIPES,
            paper="Hinton and Salakhutdinov 2006, Science 313",
            modalities=("image", "tabular"),
            capabilities=("reconstructions", "latents", "decoder"),
        ),
        ModelSpec(
            name="vq-vae",
            summary="Autoencoder with discrete codes and a PixelCNN prior over them",
            factory="genharness_model_vae.vq_vae:VQVAE",
            config=VQVAEConfig,
            family="vae",
            recipes={
                "smoke": Recipe(length="800steps", batch_size=64, options=SMALL_VQ, step_ms=150, full_up_to=32),
                "standard": Recipe(length="30000steps", batch_size=128, step_ms=340),
                "paper": Recipe(length="250000steps", batch_size=128, options=PAPER_VQ, step_ms=530),
            },
            paper="van den Oord et al. 2017, arXiv:1711.00937",
            capabilities=("reconstructions", "latents", "likelihood:bound", "conditions:conditional"),
        ),
    ]
