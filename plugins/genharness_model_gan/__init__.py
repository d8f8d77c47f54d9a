"""GANs: generators trained against a discriminator or critic. Hooks only; torch loads with a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from genharness import ModelSpec, Recipe, hookimpl
from genharness_model_gan import configs
from genharness_model_gan.stylegan import PGGAN, STYLEGAN2

__all__ = ["genharness_models"]


@hookimpl
def genharness_models() -> Sequence[ModelSpec]:
    """Return the GANs, in the order of their families."""
    return [
        _GAN,
        _DCGAN,
        _DEEP_DCGAN,
        _WGAN,
        _WGAN_GP,
        _SN_WGAN_GP,
        _SNGAN,
        _SAGAN,
        _ACGAN,
        _CGAN_PD,
        _BIGGAN_LITE,
        PGGAN,
        STYLEGAN2,
    ]


# Small networks and fast optimisers, for two CPU cores.
_FAST = {"width": 24, "lr": 1e-3, "beta2": 0.9}
_FAST_CRITIC = {"body": "dcgan", "width": 24, "lr": 2e-3, "critic_steps": 2, "generator_batch": 1}
_SMALL_RESNET = {
    "width": 16,
    "generator_width": 24,
    "lr": 1e-3,
    "beta1": 0.5,
    "critic_steps": 1,  # few steps are better spent on both players
    "generator_batch": 1,
}
# The paper's 1024 feature maps at 4 pixels; half of them elsewhere, for minutes on a GPU.
_PAPER_WIDTH = {"width": 128}


def _smoke(length: str, options: Mapping[str, object], step_ms: float, batch_size: int = 32) -> Recipe:
    return Recipe(length=length, batch_size=batch_size, ema=0.99, options=options, step_ms=step_ms, full_up_to=32)


_GAN = ModelSpec(
    name="gan",
    summary="The original GAN between multilayer perceptrons, non-saturating loss",
    factory="genharness_model_gan.mlp_gan:MLPGAN",
    config=configs.GANConfig,
    family="gan",
    paper="Goodfellow et al. 2014, arXiv:1406.2661",
    modalities=("image", "tabular"),
    capabilities=("decoder", "conditions:conditional"),
    recipes={
        # Without augmentation D knows the training images of photographs by heart long before G draws any.
        "smoke": _smoke(
            "3000steps", {"width": 256, "lr": 5e-4, "beta1": 0.0, "beta2": 0.9, "diffaugment": "all"}, step_ms=15
        ),
        "standard": Recipe(length="30000steps", batch_size=128, ema=0.999, step_ms=45),
        "paper": Recipe(length="100000steps", step_ms=30),
    },
)

_DCGAN = ModelSpec(
    name="dcgan",
    summary="Convolutional GAN with batch norm, non-saturating loss",
    factory="genharness_model_gan.dcgan:DCGAN",
    config=configs.DCGANConfig,
    family="gan",
    paper="Radford et al. 2016, arXiv:1511.06434",
    capabilities=("decoder", "conditions:conditional"),
    recipes={
        "smoke": _smoke("1500steps", _FAST, step_ms=30),
        "standard": Recipe(length="20000steps", batch_size=128, ema=0.999, step_ms=450),
        "paper": Recipe(length="50000steps", batch_size=128, options=_PAPER_WIDTH, step_ms=1600),
    },
)

_DEEP_DCGAN = ModelSpec(
    name="deep-dcgan",
    summary="DCGAN with residual convolutions at every resolution",
    factory="genharness_model_gan.deep_dcgan:DeepDCGAN",
    config=configs.DeepDCGANConfig,
    family="gan",
    paper="Radford et al. 2016, arXiv:1511.06434; residual blocks: He et al. 2016, arXiv:1512.03385",
    capabilities=("decoder", "conditions:conditional"),
    recipes={
        "smoke": _smoke("1000steps", _FAST, step_ms=50),
        "standard": Recipe(length="15000steps", batch_size=128, ema=0.999, step_ms=900),
        "paper": Recipe(length="50000steps", batch_size=128, options=_PAPER_WIDTH, step_ms=3400),
    },
)

_WGAN = ModelSpec(
    name="wgan",
    summary="Wasserstein GAN with a weight-clipped critic",
    factory="genharness_model_gan.wgan:WGAN",
    config=configs.WGANConfig,
    family="gan",
    paper="Arjovsky et al. 2017, arXiv:1701.07875",
    capabilities=("decoder", "conditions:conditional"),
    recipes={
        "smoke": _smoke("1500steps", {"width": 24, "lr": 5e-4, "critic_steps": 2}, step_ms=30),
        "standard": Recipe(length="30000steps", ema=0.999, options={"lr": 2e-4}, step_ms=200),
        "paper": Recipe(length="500000steps", options=_PAPER_WIDTH, step_ms=700),
    },
)

_WGAN_GP = ModelSpec(
    name="wgan-gp",
    summary="Wasserstein GAN with a gradient penalty",
    factory="genharness_model_gan.wgan_gp:WGANGP",
    config=configs.WGANGPConfig,
    family="gan",
    paper="Gulrajani et al. 2017, arXiv:1704.00028",
    modalities=("image", "tabular"),
    capabilities=("decoder", "conditions:conditional"),
    recipes={
        "smoke": _smoke("1500steps", _FAST_CRITIC, step_ms=45),
        "standard": Recipe(length="15000steps", ema=0.999, step_ms=3000),
        "paper": Recipe(length="500000steps", step_ms=3000),
    },
)

_SN_WGAN_GP = ModelSpec(
    name="sn-wgan-gp",
    summary="WGAN-GP with a spectrally normalised critic",
    factory="genharness_model_gan.sn_wgan_gp:SNWGANGP",
    config=configs.SNWGANGPConfig,
    family="gan",
    paper="Gulrajani et al. 2017, arXiv:1704.00028; Miyato et al. 2018, arXiv:1802.05957",
    capabilities=("decoder", "conditions:conditional"),
    recipes={
        "smoke": _smoke("1200steps", _FAST_CRITIC, step_ms=40),
        "standard": Recipe(length="15000steps", ema=0.999, step_ms=3000),
        "paper": Recipe(length="500000steps", step_ms=3000),
    },
)

_SNGAN = ModelSpec(
    name="sngan",
    summary="Residual GAN with a spectrally normalised discriminator, hinge loss",
    factory="genharness_model_gan.sngan:SNGAN",
    config=configs.SNGANConfig,
    family="gan",
    paper="Miyato et al. 2018, arXiv:1802.05957",
    capabilities=("decoder",),
    recipes={
        "smoke": _smoke("800steps", {**_SMALL_RESNET, "lr": 2e-3}, step_ms=110),
        "standard": Recipe(length="20000steps", ema=0.999, step_ms=3000),
        "paper": Recipe(length="250000steps", step_ms=3000),
    },
)

_ACGAN = ModelSpec(
    name="acgan",
    summary="Class-conditional DCGAN with an auxiliary classifier",
    factory="genharness_model_gan.acgan:ACGAN",
    config=configs.ACGANConfig,
    family="gan",
    paper="Odena et al. 2017, arXiv:1610.09585",
    capabilities=("decoder", "conditions"),
    needs_labels=True,
    recipes={
        "smoke": _smoke("1200steps", {**_FAST, "generator_class_weight": 0.3}, step_ms=35),
        "standard": Recipe(length="20000steps", batch_size=128, ema=0.999, step_ms=450),
        "paper": Recipe(length="100000steps", batch_size=100, options=_PAPER_WIDTH, step_ms=1300),
    },
)

_SAGAN = ModelSpec(
    name="sagan",
    summary="Residual GAN with self-attention, spectral norm in both players, two learning rates",
    factory="genharness_model_gan.sagan:SAGAN",
    config=configs.SAGANConfig,
    family="gan",
    paper="Zhang et al. 2019, arXiv:1805.08318",
    capabilities=("decoder", "conditions:conditional"),
    recipes={
        "smoke": _smoke(
            "800steps", {**_SMALL_RESNET, "beta1": 0.0, "discriminator_lr": 1e-3, "attention": 8}, step_ms=200
        ),
        "standard": Recipe(length="20000steps", ema=0.999, step_ms=3000),
        "paper": Recipe(length="100000steps", ema=0.9999, step_ms=3000),
    },
)

_CGAN_PD = ModelSpec(
    name="cgan-pd",
    summary="Class-conditional SNGAN with a projection discriminator",
    factory="genharness_model_gan.cgan_pd:CGANPD",
    config=configs.CGANPDConfig,
    family="gan",
    paper="Miyato and Koyama 2018, arXiv:1802.05637",
    capabilities=("decoder", "conditions"),
    needs_labels=True,
    recipes={
        # Classes take many steps more than digits do: half of the critic's channels pay for them.
        "smoke": _smoke("2000steps", {**_SMALL_RESNET, "lr": 2e-3}, step_ms=110),
        "standard": Recipe(length="20000steps", ema=0.999, step_ms=3000),
        "paper": Recipe(length="500000steps", step_ms=3000),
    },
)

_BIGGAN_LITE = ModelSpec(
    name="biggan-lite",
    summary="Class-conditional BigGAN of CIFAR-10's size: noise and a shared class vector at every block, attention",
    factory="genharness_model_gan.biggan_lite:BigGANLite",
    config=configs.BigGANLiteConfig,
    family="gan",
    paper="Brock et al. 2019, arXiv:1809.11096",
    capabilities=("decoder", "conditions"),
    needs_labels=True,
    recipes={
        # With longer vectors of classes (`shared` 32, 128) each class was one picture on MNIST.
        "smoke": _smoke(
            "2500steps",
            {
                **_SMALL_RESNET,
                "generator_width": 16,
                "lr": 1.5e-3,
                "beta2": 0.9,
                "schedule": "linear",
                "latent": 16,
                "shared": 8,
                "attention": 8,
            },
            step_ms=60,
            batch_size=16,
        ),
        "standard": Recipe(length="20000steps", batch_size=50, ema=0.999, mirror=True, step_ms=3000),
        "paper": Recipe(length="400000steps", batch_size=50, ema=0.9999, mirror=True, step_ms=3000),
    },
)
