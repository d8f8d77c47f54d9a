"""What a model can do beside sampling, over held-out samples: what `evaluation.of_model` gives to metrics."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.engine.feed import to_unit_range
from genharness.engine.sampler import quantise
from genharness.functional.parallel import exact_convolutions, full_precision
from genharness.kit.evaluation import Reconstructions
from genharness.kit.model import GenerativeModel
from genharness.spec.capabilities import CAPABILITIES, Capability, CapabilityName, parse_capability
from genharness.spec.plugins import ModelSpec

__all__ = ["HELD_OUT", "Views", "able", "drawn", "kinds_of", "reconstruct", "views_of"]

Views = Mapping[CapabilityName, Callable[[], Any]]
"""What a model can do, by capability: functions that an evaluation calls at most once, when a metric asks."""

HELD_OUT = 1000
"""Held-out samples that reconstructions, bounds of likelihoods and latent codes are computed for, at most."""
_BATCH = 250


def able(model: GenerativeModel, capability: Capability) -> bool:
    """Whether a model has the method of a capability."""
    return bool(capability.method) and callable(getattr(model, capability.method, None))


def drawn(samples: NDArray[Any], most: int, seed: int) -> NDArray[Any]:
    """Return `most` of some samples in their order, drawn by a seed, or all where there are no more.

    A split may be sorted by class: its first samples are not like the others.
    """
    if len(samples) <= most:
        return samples
    return samples[np.sort(np.random.default_rng([seed, 53]).choice(len(samples), most, replace=False))]


def views_of(
    model: GenerativeModel, samples: NDArray[Any], *, seed: int, kinds: Mapping[CapabilityName, str] | None = None
) -> Views:
    """Return what a model can do with held-out samples; nothing is computed yet.

    A draw of `HELD_OUT` samples is looked at. An exact likelihood is asked of all, unless the model's
    `likelihood_samples` says of how many.

    Args:
        model: In eval mode.
        samples: Uint8 images `(n, c, h, w)` or float32 rows `(n, d)`.
        seed: Of the draw.
        kinds: Of which kind that is, where there are several; see `kinds_of`.
    """
    kinds = kinds or {}

    def most(capability: Capability) -> int:
        if capability.name != "likelihood":
            return HELD_OUT
        asked = model.likelihood_samples or len(samples)
        return asked if kinds.get("likelihood") == "exact" else min(asked, HELD_OUT)

    return {
        capability.name: functools.partial(_view, model, capability, samples, most(capability), seed)
        for capability in CAPABILITIES.values()
        if able(model, capability)
    }


def kinds_of(spec: ModelSpec) -> dict[CapabilityName, str]:
    """Return of which kind a model's capabilities are, for those that have several."""
    declared = (parse_capability(word) for word in spec.capabilities)
    return {capability.name: kind for capability, kind in declared if kind}


def _view(model: GenerativeModel, capability: Capability, samples: NDArray[Any], most: int, seed: int) -> Any:
    if capability.name == "decoder":
        return model
    samples = drawn(samples, most, seed)
    if capability.name == "reconstructions":
        return Reconstructions(np.array(samples), reconstruct(model, samples))
    values = _mapped(getattr(model, capability.method), samples, model.device)
    return values if capability.name == "latents" else values.astype(np.float64)


def reconstruct(model: GenerativeModel, samples: NDArray[Any]) -> NDArray[Any]:
    """Return what a model that reconstructs makes of samples, in their shape and dtype."""
    method: Callable[[Tensor], Tensor] = getattr(model, CAPABILITIES["reconstructions"].method)
    images = samples.dtype == np.uint8
    return _mapped(lambda x: quantise(method(x)) if images else method(x).float(), samples, model.device)


def _mapped(function: Callable[[Tensor], Tensor], samples: NDArray[Any], device: torch.device) -> NDArray[Any]:
    """Apply a function of a batch to samples, a batch at a time."""
    parts = []
    for start in range(0, len(samples), _BATCH):
        batch = torch.from_numpy(np.array(samples[start : start + _BATCH])).to(device)
        with full_precision(device), exact_convolutions():
            parts.append(function(to_unit_range(batch) if batch.dtype == torch.uint8 else batch).cpu())
    return torch.cat(parts).contiguous().numpy()
