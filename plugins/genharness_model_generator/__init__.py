"""Models made elsewhere: exported graphs, diffusers pipelines and Python factories, measured as trained models are."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ModelSpec, Recipe, hookimpl
from genharness_model_generator.configs import GeneratorConfig

__all__ = ["genharness_models"]

_ONCE = Recipe(length="0steps")


@hookimpl
def genharness_models() -> Sequence[ModelSpec]:
    """Return the model `generator`."""
    return [
        ModelSpec(
            name="generator",
            summary="A model made elsewhere: TorchScript, torch.export, ONNX, a diffusers folder, or FILE.py:FACTORY",
            factory="genharness_model_generator.generator:Generator",
            config=GeneratorConfig,
            family="generator",
            recipes={"smoke": _ONCE, "standard": _ONCE, "paper": _ONCE},
            modalities=("image", "tabular"),
            min_size=1,
            capabilities=("conditions:conditional",),
            argument="source",
        )
    ]
