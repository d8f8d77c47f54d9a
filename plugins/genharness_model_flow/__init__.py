"""Flows: invertible networks, whose samples have an exact likelihood."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ModelSpec, Recipe, hookimpl
from genharness_model_flow.configs import GlowConfig, RealNVPConfig

__all__ = ["genharness_models"]

_WHITENED = {"whiten": "photographs", "whiten_by": "covariance"}
"""What pixels of photographs share is not learnt in some hundred steps."""


@hookimpl
def genharness_models() -> Sequence[ModelSpec]:
    """Return the flows."""
    return [
        ModelSpec(
            name="realnvp",
            summary="Flow of affine couplings over checkerboards and channels",
            factory="genharness_model_flow.realnvp:RealNVP",
            config=RealNVPConfig,
            family="flow",
            paper="Dinh et al. 2017, arXiv:1605.08803",
            modalities=("image", "tabular"),
            capabilities=("likelihood:exact",),
            recipes={
                "smoke": Recipe(
                    length="1500steps",
                    batch_size=32,
                    ema=0.99,
                    options={"features": 16, "blocks": 1, "lr": 1e-3, "warmup": 50, "decay": 0.3, **_WHITENED},
                    step_ms=500,
                    full_up_to=16,
                ),
                "standard": Recipe(
                    length="30000steps", batch_size=128, ema=0.999, mirror=False, options={"blocks": 4}, step_ms=4000
                ),
                "paper": Recipe(length="250000steps", batch_size=64, ema=0.999, mirror=True, step_ms=4000),
            },
        ),
        ModelSpec(
            name="glow",
            summary="Flow of affine couplings between invertible 1x1 convolutions",
            factory="genharness_model_flow.glow:Glow",
            config=GlowConfig,
            family="flow",
            paper="Kingma and Dhariwal 2018, arXiv:1807.03039",
            capabilities=("likelihood:exact",),
            recipes={
                "smoke": Recipe(
                    length="3000steps",
                    batch_size=16,
                    ema=0.99,
                    # Without a least scale the way back overflows on MNIST, from some thirty steps on.
                    options={
                        **{"depth": 8, "width": 64, "least_scale": 0.5, "lr": 4e-3, "warmup": 50, "decay": 0.3},
                        **_WHITENED,
                    },
                    step_ms=120,
                    full_up_to=20,
                ),
                "standard": Recipe(
                    length="40000steps",
                    batch_size=128,
                    ema=0.999,
                    options={"depth": 16, "width": 256, "warmup": 1000},
                    step_ms=6000,
                ),
                "paper": Recipe(length="250epochs", batch_size=64, ema=0.999, step_ms=20000),
            },
        ),
    ]
