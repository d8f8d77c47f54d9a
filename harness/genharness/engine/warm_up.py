"""Steps before training that leave no trace: kernels are chosen and compiled then, off the training clock."""

from __future__ import annotations

import torch

from genharness.engine.average import WeightAverage
from genharness.engine.feed import Feeder
from genharness.engine.random_state import undisturbed
from genharness.engine.undone import KeptState
from genharness.kit.model import Batch, GenerativeModel
from genharness.kit.precision import autocast

__all__ = ["needs_warm_up", "warm_up"]

_PLACES = (0.02, 0.98)
"""Where in training steps are taken, as shares of it: early and late ones may use different kernels."""


def needs_warm_up(device: torch.device, *, compiled: bool) -> bool:
    """Whether first steps do what later ones do not: compile, or let cuDNN try its algorithms."""
    return compiled or device.type == "cuda"


def warm_up(model: GenerativeModel, feeder: Feeder, average: WeightAverage, precision: str) -> None:
    """Take a few steps and put model, optimisers, average and random states back where they were.

    Args:
        model: In training mode.
        feeder: Gives the batch of step 0, in which every player is due.
        average: Does not see these steps.
        precision: As in training.
    """
    standing = KeptState(model, average)
    samples, labels = feeder.batch(0)
    with undisturbed():
        for progress in _PLACES:
            with autocast(samples.device, precision):
                model.training_step(Batch(samples, labels, 0, progress))
    standing.restore()
