"""Autoencoders: models that learn to encode samples and to decode codes."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ModelSpec, Recipe, hookimpl
from genharness_model_vae.configs import VAEConfig

__all__ = ["genharness_models"]


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
            recipes={
                "smoke": Recipe(length="800steps", batch_size=128, options={"lr": 2e-3}, step_ms=100),
                "standard": Recipe(length="20000steps", batch_size=128, options={"width": 64}, step_ms=250),
                "paper": Recipe(length="60000steps", batch_size=100, options={"latent": 128, "lr": 1e-4}, step_ms=80),
            },
            paper="Kingma and Welling 2014, arXiv:1312.6114",
            modalities=("image", "tabular"),
            reconstructs=True,
            likelihood="bound",
            encodes=True,
        ),
    ]
