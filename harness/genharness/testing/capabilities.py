"""What every model with a capability must do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from genharness.kit.model import Decodes, GenerativeModel, Interpolates
from genharness.measure.capabilities import able
from genharness.spec.capabilities import CAPABILITIES, Capability
from genharness.spec.plugins import ModelSpec
from genharness.testing.check import must
from genharness.testing.rig import Rig

__all__ = ["check_capabilities"]

Method = Callable[[Tensor], Tensor]


@torch.no_grad()
def check_capabilities(rig: Rig, model: GenerativeModel) -> None:
    """Check that a model can what its spec declares and nothing else, and that what it gives is as the contract says.

    Args:
        rig: The model's spec and data.
        model: In eval mode.
    """
    x = rig.batch(0).data[:3]
    for capability in CAPABILITIES.values():
        if capability.method:
            _check_declared(rig.spec, model, capability)
        if able(model, capability):
            _PROMISES[capability.name](rig, getattr(model, capability.method), x, capability.method)
    if isinstance(model, Interpolates):
        path = model.interpolate(2, 3, generator=rig.generator(0))
        must(path.shape == (6, *x.shape[1:]), f"interpolate(2, 3) has shape {tuple(path.shape)}")
        must(_in_range(rig, path), "interpolate leaves [-1, 1]")


def _check_declared(spec: ModelSpec, model: GenerativeModel, capability: Capability) -> None:
    declared, has = spec.can(capability.name), able(model, capability)
    method = f"the method {capability.method} (genharness.kit.{capability.protocol})"
    must(has or not declared, f"the spec declares the capability {capability.name!r}, and the model has not {method}")
    must(declared or not has, f"the model has {method}, and the spec does not declare {capability.name!r}")


def _gives_samples(rig: Rig, method: Method, x: Tensor, name: str) -> None:
    given = method(x)
    must(given.shape == x.shape, f"{name} changes the shape")
    must(_in_range(rig, given), f"{name} leaves [-1, 1]")


def _gives_codes(rig: Rig, method: Method, x: Tensor, name: str) -> None:
    codes = method(x)
    must(codes.ndim == 2 and len(codes) == len(x), f"{name} has shape {tuple(codes.shape)}: it must be (n, latent)")


def _decodes_codes(rig: Rig, method: Method, x: Tensor, name: str) -> None:
    model: Any = method.__self__  # type: ignore[attr-defined]  # the method is one of a model
    must(isinstance(model, Decodes), f"{name} wants draw_latents and normal_latents beside it (genharness.kit.Decodes)")
    labels = None
    if rig.spec.can("conditions"):
        labels = torch.arange(3, device=model.device).remainder(rig.data.shape.classes)
    codes = model.draw_latents(3, labels=labels, generator=rig.generator(0))
    must(codes.ndim == 2 and len(codes) == 3, f"draw_latents has shape {tuple(codes.shape)}: it must be (n, latent)")
    given = model.decode_latents(codes, labels)
    must(given.shape == x.shape, f"{name} has shape {tuple(given.shape)}: samples are {tuple(x.shape)}")
    must(_in_range(rig, given), f"{name} leaves [-1, 1]")
    must(torch.equal(given, model.decode_latents(codes, labels)), f"{name} differs from call to call")


def _gives_numbers(rig: Rig, method: Method, x: Tensor, name: str) -> None:
    values = method(x)
    must(values.shape == (len(x),), f"{name} has shape {tuple(values.shape)}: it must be (n,)")
    must(torch.isfinite(values).all(), f"{name} is not finite")
    must(torch.equal(values, method(x)), f"{name} differs from call to call")


def _in_range(rig: Rig, samples: Tensor) -> bool:
    finite = bool(torch.isfinite(samples).all())
    return finite and (rig.data.shape.modality == "tabular" or float(samples.abs().max()) <= 1 + 1e-3)


_PROMISES: Mapping[str, Callable[[Rig, Method, Tensor, str], None]] = {
    "reconstructions": _gives_samples,
    "latents": _gives_codes,
    "decoder": _decodes_codes,
    "likelihood": _gives_numbers,
    "kl_to_prior": _gives_numbers,
}
