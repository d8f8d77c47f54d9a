"""Finding what would go wrong, or wait, on an accelerator, without one: on the meta device, which computes nothing."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = ["META", "OneDevice"]

META = torch.device("meta")


class OneDevice(TorchDispatchMode):
    """Refuses operations between tensors of different devices, copies between devices among them.

    A CPU tensor without dimensions may take part: CUDA passes it to a kernel as a number. Reading a value back
    (`.item()`, `float(...)`, a branch on a tensor) is refused by the meta device itself.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it unannotated

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation, or raise RuntimeError with its name and the devices."""
        result = func(*args, **(kwargs or {}))
        tensors = [part for part in tree_leaves((args, kwargs, result)) if isinstance(part, Tensor)]
        devices = {str(tensor.device) for tensor in tensors if tensor.ndim or tensor.device.type != "cpu"}
        if len(devices) > 1:
            raise RuntimeError(f"{func} has tensors on {' and '.join(sorted(devices))}: create them on one device")
        return result
