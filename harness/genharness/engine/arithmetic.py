"""How this process computes: on which device, in which precision, repeatable or not."""

from __future__ import annotations

import os
import re
import warnings
from typing import TextIO

import numpy as np
import torch

__all__ = ["set_arithmetic"]

_LACKS = re.compile(r"(?P<operation>.+?) does not have a deterministic implementation", re.DOTALL)
_DETERMINISM = r"(?s).*determinis"


def set_arithmetic(device: torch.device, precision: str, *, deterministic: bool) -> set[str]:
    """Set up this process for a cell.

    Args:
        device: Becomes the current one, so that what names no index (random states, events, `cuda`) means the cell's.
        precision: `tf32` lets products and convolutions of CUDA have 10-bit mantissas; the others do not.
        deterministic: Ask torch for algorithms that repeat to the last bit, which are slower.

    Returns:
        A set that grows, where `deterministic`, by the operations that were used and have no such algorithm.
    """
    if deterministic:  # before CUDA starts: cuBLAS reads it then, and does not repeat without it
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = not deterministic
    np.seterr(all="ignore")
    warnings.simplefilter("ignore", category=UserWarning)  # a plugin's chatter is not the user's
    return _collected() if deterministic else set()


def _collected() -> set[str]:
    """Return a set that grows by the operations that torch warns of, instead of showing the warnings."""
    operations: set[str] = set()
    warnings.filterwarnings("always", message=_DETERMINISM, category=UserWarning)
    show = warnings.showwarning

    def note(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        text = str(message)
        if "determinis" not in text:
            show(message, category, filename, lineno, file, line)
            return
        lacks = _LACKS.match(text)
        operations.add(lacks["operation"] if lacks else " ".join(text.split())[:80])

    warnings.showwarning = note
    return operations
