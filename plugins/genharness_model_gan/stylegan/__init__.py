"""GANs with equalised learning rates: progressive growing and StyleGAN2. Specs only; torch loads with a model."""

from __future__ import annotations

from genharness import ModelSpec, Recipe
from genharness_model_gan.stylegan import configs

__all__ = ["PGGAN", "STYLEGAN2"]

# For two CPU cores: many channels where there are few pixels, few where there are many. Weights with an equalised
# learning rate are of size 1, and a step of Adam changes them little: a thousand steps want a higher rate than papers.
_SMALL = {"latent": 64, "width": 32, "full_side": 7}

PGGAN = ModelSpec(
    name="pggan",
    summary="GAN whose networks grow from few pixels to all, with a gradient penalty",
    factory="genharness_model_gan.stylegan.pggan:PGGAN",
    config=configs.PGGANConfig,
    family="gan",
    paper="Karras et al. 2018, arXiv:1710.10196",
    capabilities=("decoder", "conditions:conditional"),
    recipes={
        "smoke": Recipe(
            length="800steps",
            batch_size=32,
            ema=0.99,
            options={**_SMALL, "lr": 1e-2},
            step_ms=80,
            full_up_to=32,
        ),
        "standard": Recipe(length="20000steps", batch_size=64, ema=0.999, options={"width": 256}, step_ms=6000),
        "paper": Recipe(length="12000kimg", batch_size=64, ema=0.999, mirror=True, step_ms=15000),
    },
)

STYLEGAN2 = ModelSpec(
    name="stylegan2",
    summary="Style-based GAN with weight demodulation and lazy R1; adaptive augmentation as an option",
    factory="genharness_model_gan.stylegan.stylegan2:StyleGAN2",
    config=configs.StyleGAN2Config,
    family="gan",
    paper="Karras et al. 2020, arXiv:1912.04958 and arXiv:2006.06676",
    capabilities=("decoder", "conditions:conditional"),
    recipes={
        "smoke": Recipe(
            length="1400steps",
            batch_size=16,  # a step costs little less than one of 32: more of them say more
            ema=0.99,
            # A penalty a thousand times that of CIFAR-10's long training: with less, all codes give one image at 28 px.
            options={**_SMALL, "lr": 7e-3, "style": 64, "group": 4, "r1_gamma": 10.0, "r1_every": 8},
            step_ms=110,
            full_up_to=32,
        ),
        "standard": Recipe(
            length="3000kimg", batch_size=64, ema_kimg=50, mirror=True, options={"width": 256}, step_ms=6000
        ),
        "paper": Recipe(length="25000kimg", batch_size=64, ema_kimg=500, mirror=True, step_ms=15000),
    },
)
