"""The LPIPS network of the package lpips, its trunk loaded from a checked file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from genharness import ConfigError, DataError
from genharness.files.weights import find_weights
from genharness_metric_lpips import TRUNK, VGG_TRUNK

__all__ = ["SMALLEST", "SMALLEST_VGG", "Net", "build_network", "load_network"]

Net = Literal["alex", "vgg"]

SMALLEST = 32
"""Side in pixels below which AlexNet's poolings leave nothing, and"""
SMALLEST_VGG = 16
"""those of VGG-16."""


def load_network(device: torch.device, weights: Path | None = None, *, net: Net = "alex") -> nn.Module:
    """Return LPIPS (version 0.1) with its published weights.

    Args:
        device: Where it will compute.
        weights: The user's `--weights`; passed over where it holds others.
        net: The trunk: AlexNet, or the VGG-16 that path lengths are published with.

    Raises:
        ConfigError: If the package lpips is missing.
        DataError: If the weights of the trunk are not here and cannot be had.
    """
    network = build_network(net)
    path = find_weights(TRUNK if net == "alex" else VGG_TRUNK, weights, shared=True)
    _load_trunk(network, path, "AlexNet" if net == "alex" else "VGG-16")
    return network.to(device)


def build_network(net: Net = "alex") -> nn.Module:
    """Return LPIPS with the package's calibrated layers over a random trunk.

    Raises:
        ConfigError: If the package lpips is missing.
    """
    try:
        from lpips import LPIPS
    except ImportError as error:
        raise ConfigError("package lpips is missing: pip install 'genharness[verify]'") from error
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # torchvision's old arguments, which lpips passes
        network: nn.Module = LPIPS(net=net, version="0.1", pnet_rand=True, verbose=False)
    return network.eval().requires_grad_(False)


def _load_trunk(network: nn.Module, path: Path, name: str) -> None:
    """Fill the trunk, whose slices keep the layer numbers of torchvision's `features`."""
    stored = torch.load(path, map_location="cpu", weights_only=True)
    wanted = network.net.state_dict()  # type: ignore[union-attr]  # a module, though nn.Module says Tensor
    try:
        filled = {name: stored[f"features.{name.split('.', 1)[1]}"] for name in wanted}
        network.net.load_state_dict(filled)  # type: ignore[union-attr]
    except (KeyError, RuntimeError) as error:
        raise DataError(f"weights {path} are not those of {name} ({error}): delete the file") from error
