"""Linear layers in eight bits."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn

from genharness import ConfigError
from genharness_model_generator.network import Network

__all__ = ["in_eight_bits"]


def in_eight_bits(module: nn.Module, who: str, device: torch.device) -> Network:
    """Return a module whose linear layers have 8-bit weights; activations are quantised as they come.

    Raises:
        ConfigError: If it has no linear layer, or is on a GPU, or this torch has no such kernels.
    """
    quantize: Any = getattr(getattr(torch.ao, "quantization", None), "quantize_dynamic", None)
    if quantize is None or torch.backends.quantized.engine == "none":
        raise ConfigError(
            f"torch {torch.__version__} has no dynamic quantisation here: leave out generator.quantize=int8"
        )
    if device.type != "cpu":
        raise ConfigError("generator.quantize=int8 is for processors: give --device cpu")
    if not any(isinstance(part, nn.Linear) for part in module.modules()):
        raise ConfigError(f"{who} has no linear layer to quantise: leave out generator.quantize=int8")
    count = sum(part.numel() for part in module.parameters())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, and what runs on processors without a compiler
        small = quantize(module, {nn.Linear}, dtype=torch.qint8)
    return Network(lambda *inputs: small(*inputs), parameters=count, counted=False)
