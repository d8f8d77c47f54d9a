"""TorchScript archives."""

from __future__ import annotations

import re
import warnings
import zipfile
from pathlib import Path

import torch

from genharness import DataError
from genharness_model_generator.network import Network

__all__ = ["load_torchscript"]

_TOUCHES_FILES = re.compile(rb"\b(?:torch|aten|prim)\.(?:save|from_file|load)\b")


def load_torchscript(path: Path, device: torch.device) -> Network:
    """Return the network of a TorchScript archive.

    Its code runs in torch's own interpreter, which knows no Python; the only operators there that touch files are
    refused.

    Raises:
        DataError: If it is none; pickles (`torch.save`) are not read.
    """
    _refuse_other_files(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecated, and still what people have
            module = torch.jit.load(str(path), map_location=device).eval()
    except (RuntimeError, ValueError) as error:
        raise DataError(f"{path} cannot be read as TorchScript: {_first_line(error)}") from error
    return Network(lambda *inputs: module(*inputs), parameters=sum(part.numel() for part in module.parameters()))


def _refuse_other_files(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            code = [name for name in archive.namelist() if "/code/" in name and name.endswith(".py")]
            touching = next((name for name in code if _TOUCHES_FILES.search(archive.read(name))), None)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        code, touching = [], None
    if not code:
        raise DataError(
            f"{path} is no TorchScript, and pickles are not read: save it by torch.jit.save, or give "
            "FILE.py:FACTORY with --set generator.checkpoint=WEIGHTS"
        )
    if touching:
        raise DataError(f"{path} reads or writes files in {touching}: export a model that only computes")


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:200]
