"""Reference rows: what every other score is read against. They look at the data once and are never trained."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from genharness import ModelSpec, Recipe, hookimpl
from genharness_model_reference.configs import ClassGMMConfig

__all__ = ["genharness_models"]

_ONCE = Recipe(length="0steps")

_row = functools.partial(
    ModelSpec,
    family="reference",
    recipes={"smoke": _ONCE, "standard": _ONCE, "paper": _ONCE},
    modalities=("image", "tabular"),
    min_size=1,
)


@hookimpl
def genharness_models() -> Sequence[ModelSpec]:
    """Return the reference rows."""
    return [
        _row(
            name="real",
            summary="The held-out split as if it had been generated: the ceiling of every score",
            factory="genharness_model_reference.stored:Real",
            finite=True,
            baseline=True,
        ),
        _row(
            name="noise",
            summary="Independent uniform values: the floor of every score",
            factory="genharness_model_reference.noise:Noise",
            baseline=True,
        ),
        _row(
            name="memoriser",
            summary="Training samples: perfect quality and coverage, and every one of them memorised",
            factory="genharness_model_reference.stored:Memoriser",
        ),
        _row(
            name="gaussian",
            summary="One Gaussian over raw pixels or columns, fitted to the training split",
            factory="genharness_model_reference.gaussian:Gaussian",
            max_size=128,
        ),
        _row(
            name="class-gmm",
            summary="A Gaussian mixture for each class of a table",
            factory="genharness_model_reference.class_gmm:ClassGMM",
            config=ClassGMMConfig,
            modalities=("tabular",),
            capabilities=("conditions",),
            needs_labels=True,
        ),
    ]
