"""`FILE.py:FACTORY`: a network made by somebody's code, which is run, with weights that are only read."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from genharness import ConfigError, DataError

__all__ = ["load_factory_file"]

_MODULE = "genharness_generator_file"


def load_factory_file(path: Path, function: str, checkpoint: Path | None, device: torch.device) -> nn.Module:
    """Return the module that a function of a Python file makes, with weights of a checkpoint.

    Raises:
        ConfigError: If the file has no such function, or it makes no module, or its weights are others.
        DataError: If the checkpoint holds more than weights, or cannot be read.
    """
    factory = getattr(_imported(path), function, None)
    if not callable(factory):
        raise ConfigError(f"{path} has no function {function!r}: name the one that returns the network")
    module = factory()
    if not isinstance(module, nn.Module):
        raise ConfigError(f"{path}:{function} returned {type(module).__name__}: it must return a torch.nn.Module")
    if checkpoint is not None:
        try:
            module.load_state_dict(_weights(checkpoint, device))
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:250]
            raise ConfigError(f"{checkpoint} holds other weights than {path.name}:{function} has: {reason}") from error
    return module.to(device).eval().requires_grad_(False)


def _imported(path: Path) -> ModuleType:
    """Run a file as a module; it finds what lies beside it."""
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module  # dataclasses look themselves up there
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def _weights(path: Path, device: torch.device) -> Mapping[str, Tensor]:
    if path.suffix == ".safetensors":
        return _safetensors(path, device)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of protocols of pickles, which are refused below
            found = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # whatever reading a file that is none makes torch stumble over
        raise DataError(
            f"{path} holds more than weights, or cannot be read: save module.state_dict() by torch.save or safetensors"
        ) from error
    if not (isinstance(found, Mapping) and all(isinstance(part, Tensor) for part in found.values())):
        raise DataError(f"{path} is no state dict: save module.state_dict() alone")
    return found


def _safetensors(path: Path, device: torch.device) -> dict[str, Tensor]:
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        raise ConfigError(".safetensors needs a package more: pip install safetensors") from error
    try:
        found: dict[str, Any] = load_file(path, device=str(device))
    except Exception as error:  # it has errors of its own
        raise DataError(f"{path} cannot be read as safetensors: {' '.join(str(error).split())[:200]}") from error
    return found
