"""Diffusion models and flow matching: images from noise, by a network that is evaluated many times."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ModelSpec, Recipe, hookimpl
from genharness_model_diffusion import configs

__all__ = ["genharness_models"]

# A network for two CPU cores: the rate falls at the end, and no step of a short training is spent on a long warm-up.
SMALL = {"ch": 16, "blocks": 1, "attention": 8, "dropout": 0.0, "lr": 2e-3, "warmup": 50, "decay": 0.3}
# A quarter of the paper's width, for minutes on a GPU.
MEDIUM = {"ch": 64, "warmup": 1000, "decay": 0.2}
DRAWS = ("genharness_model_diffusion.sampling", "genharness.kit.solvers")


@hookimpl
def genharness_models() -> Sequence[ModelSpec]:
    """Return the diffusion models."""
    return [_DDPM, _EDM, _FLOW_MATCHING, _SCORE_SDE, _CONSISTENCY]


_DDPM = ModelSpec(
    name="ddpm",
    summary="Diffusion along a chain of a thousand Gaussian steps",
    factory="genharness_model_diffusion.ddpm:DDPM",
    config=configs.DDPMConfig,
    draws=DRAWS,
    family="diffusion",
    paper="Ho et al. 2020, arXiv:2006.11239; Nichol and Dhariwal 2021, arXiv:2102.09672",
    capabilities=("conditions:conditional", "likelihood:bound"),
    recipes={
        "smoke": Recipe(
            length="1500steps",
            batch_size=32,
            ema=0.99,
            # At high noise a short training cannot tell eps well enough: v stays as well told at every level.
            options={
                **SMALL,
                "schedule": "cosine",
                "predict": "v",
                "sampler": "dpmpp-2m",
                "steps": 10,
                "bound_terms": 10,
            },
            step_ms=250,
            full_up_to=18,
        ),
        "standard": Recipe(
            length="60000steps",
            batch_size=128,
            ema=0.9999,
            mirror=True,
            options={**MEDIUM, "sampler": "ddim", "steps": 50, "bound_terms": 100},
            step_ms=600,
        ),
        "paper": Recipe(length="800000steps", batch_size=128, ema=0.9999, mirror=True, step_ms=3000),
    },
)

_EDM = ModelSpec(
    name="edm",
    summary="Diffusion with preconditioned denoising at continuous noise levels, Heun's sampler",
    factory="genharness_model_diffusion.edm:EDM",
    config=configs.EDMConfig,
    draws=DRAWS,
    family="diffusion",
    paper="Karras et al. 2022, arXiv:2206.00364",
    capabilities=("conditions:conditional",),
    recipes={
        "smoke": Recipe(
            length="1500steps",
            batch_size=32,
            ema=0.99,
            options={**SMALL, "sigma_data": None, "sampler": "dpmpp-2m", "steps": 10},
            step_ms=250,
            full_up_to=18,
        ),
        "standard": Recipe(length="60000steps", batch_size=128, ema=0.9999, mirror=False, options=MEDIUM, step_ms=600),
        "paper": Recipe(length="200000kimg", batch_size=512, ema=0.9995, options={}, step_ms=20000),
    },
)

_FLOW_MATCHING = ModelSpec(
    name="flow-matching",
    summary="Flow along straight lines from noise to data, independent or optimal-transport coupling",
    factory="genharness_model_diffusion.flow_matching:FlowMatching",
    config=configs.FlowMatchingConfig,
    draws=DRAWS,
    family="diffusion",
    paper="Lipman et al. 2022, arXiv:2210.02747; Tong et al. 2023, arXiv:2302.00482",
    capabilities=("conditions:conditional", "likelihood:exact"),
    recipes={
        "smoke": Recipe(
            length="1500steps",
            batch_size=32,
            ema=0.99,
            options={**SMALL, "steps": 5, "likelihood_steps": 12, "likelihood_samples": 100},
            step_ms=250,
            full_up_to=18,
        ),
        "standard": Recipe(length="60000steps", batch_size=128, ema=0.9999, options=MEDIUM, step_ms=600),
        "paper": Recipe(length="400000steps", batch_size=128, ema=0.9999, options={"coupling": "ot"}, step_ms=3000),
    },
)

_SCORE_SDE = ModelSpec(
    name="score-sde",
    summary="Scores along a stochastic differential equation, predictor and corrector or its probability flow",
    factory="genharness_model_diffusion.score_sde:ScoreSDE",
    config=configs.ScoreSDEConfig,
    family="diffusion",
    paper="Song et al. 2021, arXiv:2011.13456",
    capabilities=("conditions:conditional", "likelihood:exact"),
    recipes={
        "smoke": Recipe(
            length="1500steps",
            batch_size=32,
            ema=0.99,
            options={
                **SMALL,
                "sde": "vp",
                "sampler": "dpmpp-2m",
                "spacing": "karras",
                "steps": 10,
                "clip_x0": True,
                "likelihood_steps": 12,
                "likelihood_samples": 100,
            },
            step_ms=250,
            full_up_to=18,
        ),
        "standard": Recipe(
            length="60000steps",
            batch_size=128,
            ema=0.9999,
            mirror=True,
            options={**MEDIUM, "sde": "vp", "sampler": "heun", "spacing": "karras", "steps": 18},
            step_ms=600,
        ),
        "paper": Recipe(length="1300000steps", batch_size=128, ema=0.999, mirror=True, step_ms=3000),
    },
)

_CONSISTENCY = ModelSpec(
    name="consistency",
    summary="Consistency model trained from scratch: an image in one evaluation of the network, or two",
    factory="genharness_model_diffusion.consistency:Consistency",
    config=configs.ConsistencyConfig,
    family="diffusion",
    paper="Song and Dhariwal 2023, arXiv:2310.14189",
    capabilities=("conditions:conditional",),
    recipes={
        "smoke": Recipe(
            length="1500steps",
            batch_size=32,
            ema=0.99,
            options={**SMALL, "lr": 1e-3, "levels_last": 80, "steps": 2},
            step_ms=350,
            full_up_to=15,
        ),
        "standard": Recipe(
            length="60000steps",
            batch_size=128,
            ema=0.9999,
            options={**MEDIUM, "levels_last": 640},
            step_ms=900,
        ),
        "paper": Recipe(length="400000steps", batch_size=1024, ema=0.99993, step_ms=40000),
    },
)
