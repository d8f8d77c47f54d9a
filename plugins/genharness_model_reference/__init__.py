"""Reference rows: what every other score is read against. They look at the data once and are never trained."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ModelSpec, Recipe, hookimpl
from genharness_model_reference.configs import ClassGMMConfig

__all__ = ["genharness_models"]

ONCE = Recipe(length="0steps")
RECIPES = {"smoke": ONCE, "standard": ONCE, "paper": ONCE}


@hookimpl
def genharness_models() -> Sequence[ModelSpec]:
    """Return the reference rows."""
    return [
        ModelSpec(
            name="real",
            summary="The held-out split as if it had been generated: the ceiling of every score",
            factory="genharness_model_reference.stored:Real",
            family="reference",
            recipes=RECIPES,
            modalities=("image", "tabular"),
            min_size=1,
            finite=True,
        ),
        ModelSpec(
            name="noise",
            summary="Independent uniform values: the floor of every score",
            factory="genharness_model_reference.noise:Noise",
            family="reference",
            recipes=RECIPES,
            modalities=("image", "tabular"),
            min_size=1,
        ),
        ModelSpec(
            name="memoriser",
            summary="Training samples: perfect quality and coverage, and every one of them memorised",
            factory="genharness_model_reference.stored:Memoriser",
            family="reference",
            recipes=RECIPES,
            modalities=("image", "tabular"),
            min_size=1,
        ),
        ModelSpec(
            name="gaussian",
            summary="One Gaussian over raw pixels or columns, fitted to the training split",
            factory="genharness_model_reference.gaussian:Gaussian",
            family="reference",
            recipes=RECIPES,
            modalities=("image", "tabular"),
            min_size=1,
            max_size=128,
        ),
        ModelSpec(
            name="class-gmm",
            summary="A Gaussian mixture for each class of a table",
            factory="genharness_model_reference.class_gmm:ClassGMM",
            config=ClassGMMConfig,
            family="reference",
            recipes=RECIPES,
            modalities=("tabular",),
            capabilities=("conditions",),
            needs_labels=True,
        ),
    ]
