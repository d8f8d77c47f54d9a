"""What genharness needs to know before it imports torch."""

from dataclasses import dataclass

from genharness import ModelSpec, Recipe, hookimpl, option


@dataclass(frozen=True)
class LinearVAEConfig:
    latent: int = option(16, low=1, high=512, help="latent dimensions")
    lr: float = option(1e-2, above=0, high=1, help="Adam learning rate")


@hookimpl
def genharness_models():
    return [
        ModelSpec(
            name="linear-vae",
            summary="A VAE with a linear encoder and decoder",
            factory="linear_vae.model:LinearVAE",
            config=LinearVAEConfig,
            family="vae",
            paper="Lucas et al. 2019, arXiv:1911.02469",
            recipes={
                "smoke": Recipe(length="600steps", batch_size=64),
                "standard": Recipe(length="20epochs", batch_size=64),
                "paper": Recipe(length="100epochs", batch_size=64),
            },
        )
    ]
