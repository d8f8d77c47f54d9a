"""How the classifier is trained, and what it gives: one recipe, whatever samples it is trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from genharness import DataShape
from genharness.engine.feed import to_unit_range
from genharness.engine.threads import threads_settled
from genharness.functional.parallel import exact_convolutions, full_precision, ieee_products, side_by_side
from genharness.kit import Extracted
from genharness.kit.precision import no_autocast
from genharness_features_classifier import ClassifierConfig
from genharness_features_classifier.network import Classifier

__all__ = ["BATCH", "CPU", "Batches", "built", "fitted", "outputs", "repeatable"]

BATCH = 250
"""Samples that are looked at at a time."""
CPU = torch.device("cpu")
"""Where classifiers are trained."""

Batches = Callable[[int], tuple[Tensor, Tensor | None]]
"""Gives the samples and labels of a training step, from 0."""


def built(shape: DataShape, config: ClassifierConfig, device: torch.device) -> Classifier:
    """Return the network with its initial weights, drawn from the global generator."""
    network = Classifier(shape, config.width, config.features).to(device)
    return network.to(memory_format=torch.channels_last) if shape.modality == "image" else network


@contextmanager
def repeatable(shape: DataShape) -> Iterator[None]:
    """Train to the same weights whatever the caller computes with: threads, device, precision."""
    with threads_settled(shape), no_autocast(CPU), ieee_products():
        yield


def fitted(shape: DataShape, config: ClassifierConfig, batch: Batches, steps_per_epoch: int, seed: int) -> Classifier:
    """Return a classifier that is trained on batches, in eval mode; call it within `repeatable`.

    Args:
        shape: What the samples look like, and how many classes there are.
        config: The options.
        batch: Gives images in [-1, 1] or rows, and labels.
        steps_per_epoch: Steps until all samples have been seen.
        seed: Of the initial weights and of dropout; it is set globally.
    """
    torch.manual_seed(seed)
    network = built(shape, config, CPU).train()
    colours = shape.modality == "image" and shape.channels == 3
    steps = min(config.steps * (3 if colours else 1), config.epochs * steps_per_epoch)
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.lr, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.lr, total_steps=steps)
    for step in range(steps):
        samples, labels = batch(step)
        assert labels is not None
        loss = F.cross_entropy(network(samples)[1], labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def outputs(network: Classifier, samples: NDArray[Any], device: torch.device) -> Extracted:
    """Return features `(n, d)` and logits `(n, classes)`, in float32 whatever the caller computes in."""

    @torch.inference_mode()
    def given(batch: NDArray[Any]) -> tuple[Tensor, Tensor]:
        tensor = torch.from_numpy(np.array(batch)).to(device)
        features, logits = network(to_unit_range(tensor) if tensor.dtype == torch.uint8 else tensor)
        return features.cpu(), logits.cpu()

    batches = [samples[start : start + BATCH] for start in range(0, len(samples), BATCH)]
    with full_precision(device), exact_convolutions():
        features, logits = zip(*side_by_side(given, batches, device), strict=True)
    return Extracted(torch.cat(features).numpy(), torch.cat(logits).numpy())
