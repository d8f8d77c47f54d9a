"""Autoregressive models: images drawn one value after the other, with an exact likelihood."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ModelSpec, Recipe, hookimpl
from genharness_model_autoregressive.configs import PixelCNNConfig

__all__ = ["genharness_models"]


@hookimpl
def genharness_models() -> Sequence[ModelSpec]:
    """Return the autoregressive models."""
    return [
        ModelSpec(
            name="pixelcnn",
            summary="Gated PixelCNN over pixels, one value after the other",
            factory="genharness_model_autoregressive.pixelcnn:PixelCNN",
            config=PixelCNNConfig,
            family="autoregressive",
            paper="van den Oord et al. 2016, arXiv:1606.05328",
            capabilities=("conditions:conditional", "likelihood:exact"),
            recipes={
                "smoke": Recipe(
                    length="1200steps",
                    batch_size=16,
                    ema=0.99,
                    # Strokes are learnt long before 256 levels are told apart.
                    options={"width": 16, "layers": 5, "levels": 8, "lr": 3e-3, "decay": 0.3},
                    step_ms=85,
                    full_up_to=24,
                ),
                "standard": Recipe(length="60000steps", batch_size=64, ema=0.999, options={"decay": 0.2}, step_ms=700),
                "paper": Recipe(
                    length="200000steps", batch_size=128, ema=0.9999, options={"width": 128, "layers": 15}, step_ms=9000
                ),
            },
        ),
    ]
