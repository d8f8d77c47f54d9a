"""A model made from its plugin, where and how it will be trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from genharness.engine.manners import SharedState
from genharness.errors import PluginError
from genharness.kit.model import GenerativeModel
from genharness.plugin.registry import load_factory
from genharness.spec.options import build_config
from genharness.spec.plugins import DataShape, ModelSpec

__all__ = ["build_model"]


def build_model(
    spec: ModelSpec, options: Mapping[str, Any], data: DataShape, device: torch.device, *, compiled: bool = False
) -> GenerativeModel:
    """Return a model on its device, in channels-last memory for images.

    Args:
        spec: The model's plugin.
        options: Of its Config.
        data: What its samples look like.
        device: Where it is built.
        compiled: Whether its networks go through `torch.compile`.

    Raises:
        PluginError: If its factory gives something else than a `GenerativeModel`.
        RunError: If building it changed what the process shares.
    """
    factory = load_factory(spec)
    shared = SharedState.now()
    with torch.device(device):
        model = factory(data, build_config(spec.name, spec.config, options))
    shared.refuse_change(f"building {spec.name}")
    if not isinstance(model, GenerativeModel):
        raise PluginError(f"model {spec.name} is a {type(model).__name__}: it must be a genharness.kit.GenerativeModel")
    if data.modality == "image":
        model.to(memory_format=torch.channels_last)
    if compiled:
        for child in model.children():
            child.compile()
    return model
