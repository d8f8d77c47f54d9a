"""`FILE.py:FACTORY`: a network made by somebody's code, which is run, with weights that are only read."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from genharness import ConfigError, DataError, GenharnessError, RunError
from genharness.engine.memory import is_out_of_memory
from genharness.errors import did_you_mean, reason

__all__ = ["load_factory_file", "place_in"]

_MODULE = "genharness_generator_file"


def load_factory_file(path: Path, function: str, checkpoint: Path | None, device: torch.device) -> nn.Module:
    """Return the module that a function of a Python file makes, with weights of a checkpoint.

    Raises:
        ConfigError: If the file has no such function, or it makes no module, or its weights are others.
        DataError: If the checkpoint holds more than weights, or cannot be read.
        RunError: If the file's own code fails; the message names its line.
    """
    with _told_of(path):
        file = _imported(path)
        module = _factory(file, path, function)()
    if not isinstance(module, nn.Module):
        raise ConfigError(f"{path}:{function} returned {type(module).__name__}: it must return a torch.nn.Module")
    if checkpoint is not None:
        try:
            module.load_state_dict(_weights(checkpoint, device))
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:250]
            raise ConfigError(f"{checkpoint} holds other weights than {path.name}:{function} has: {reason}") from error
    with _told_of(path):  # whose code may do things of its own here
        return module.to(device).eval().requires_grad_(False)


def place_in(path: Path, error: BaseException) -> str:
    """Return ` (FILE:LINE)`, the innermost line of a file, or of what lies beside it, behind an error; or nothing."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f" ({Path(error.filename).name}:{error.lineno})"
    own = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__) if _is_beside(frame, path)]
    return f" ({Path(own[-1][0].f_code.co_filename).name}:{own[-1][1]})" if own else ""


def _is_beside(frame: FrameType, path: Path) -> bool:
    """Whether code is of a file or lies beside it; libraries and this package may lie there, too."""
    module, file = str(frame.f_globals.get("__name__", "")), Path(frame.f_code.co_filename)
    if not file.is_relative_to(path.parent) or file.is_relative_to(sysconfig.get_path("stdlib")):
        return False
    return module == _MODULE or not (module.startswith("genharness") or "site-packages" in file.parts)


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Let somebody's code find what lies beside its file; what it raises becomes one line that names the place."""
    sys.path.insert(0, str(path.parent))
    try:
        yield
    except GenharnessError:
        raise
    except (Exception, SystemExit) as error:
        if is_out_of_memory(error):
            raise
        if isinstance(error, SystemExit):
            said = "ends the program: keep what is for the command line under if __name__ == '__main__'"
        else:
            text = error.msg if isinstance(error, SyntaxError) else reason(error)
            said = f"fails: {type(error).__name__}: {text}"
        raise RunError(f"{path.name} {said}{place_in(path, error)}") from error
    finally:
        if str(path.parent) in sys.path:
            sys.path.remove(str(path.parent))


def _imported(path: Path) -> ModuleType:
    """Run a file as a module."""
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def _factory(file: ModuleType, path: Path, name: str) -> Callable[[], Any]:
    found: Callable[[], Any] | None = getattr(file, name, None)
    if not callable(found):
        own = [key for key, value in vars(file).items() if getattr(value, "__module__", "") == _MODULE]
        raise ConfigError(
            f"{path} has no function {name!r}: name the one that returns the network{did_you_mean(name, own)}"
        )
    try:
        inspect.signature(found).bind()
    except TypeError as error:
        raise ConfigError(f"{path}:{name} is called without arguments: {error}: give each a default") from error
    except ValueError:
        pass  # of compiled code, which does not say what it takes
    return found


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
