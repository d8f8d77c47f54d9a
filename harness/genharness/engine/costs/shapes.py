"""Operations on the meta device, each worked out once: what one gives to tensors of the same shapes is known then."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

__all__ = ["ShapeMemory"]

_PLAIN = (Tensor, nn.Parameter)


@dataclass(frozen=True, slots=True)
class _Shape:
    """All that a tensor of the meta device is."""

    size: torch.Size
    stride: tuple[int, ...]
    dtype: torch.dtype


class _UnusualError(Exception):
    """An operand on another device, or of another kind than a plain tensor."""


class ShapeMemory:
    """Runs operations of the meta device, where torch works out shapes in Python, a millisecond at a time.

    A step repeats its operations, layer by layer and step by step. The value of a float decides no shape, but in a
    list (the factors of an interpolation). Views are made anew, which takes microseconds, and so is whatever has an
    operand on another device or of an unusual kind.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    def __call__(self, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Return what an operation gives."""
        manner = _manner(func)
        key = _key(func, args, kwargs) if manner else None
        if key in self._known:
            return args[0] if manner == "in place" else _made(self._known[key])
        result = func(*args, **kwargs)
        if key is not None:
            self._known[key] = _noted(result)
        return result


@functools.cache
def _manner(func: Any) -> Literal["new", "in place", ""]:
    """Return whether an operation of tensors gives new ones or its first as it was shaped; empty where neither."""
    schema = func._schema
    if (
        func.is_view
        or torch.Tag.inplace_view in func.tags
        or not any("Tensor" in str(one.type) for one in schema.arguments)
    ):
        return ""
    if all(one.alias_info is None for one in schema.returns):
        return "new"
    first = schema.arguments[0].alias_info
    return "in place" if len(schema.returns) == 1 and first is not None and first.is_write else ""


def _key(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Hashable | None:
    """Return what decides the shapes of a result, or None where it is not to be remembered."""
    try:
        return func, tuple(map(_word, args)), tuple((name, _word(one)) for name, one in kwargs.items())
    except _UnusualError:
        return None


def _word(one: Any) -> Any:
    kind = type(one)
    if kind in _PLAIN and one.device.type == "meta" and one.layout == torch.strided:
        return one.size(), one.stride(), one.dtype
    if isinstance(one, Tensor):
        raise _UnusualError
    if kind in (list, tuple):
        return kind, tuple((float, part) if type(part) is float else _word(part) for part in one)
    return kind if kind is float else (kind, one)


def _noted(result: Any) -> Any:
    if isinstance(result, Tensor):
        return _Shape(result.size(), result.stride(), result.dtype)
    return type(result)(map(_noted, result)) if isinstance(result, (list, tuple)) else result


def _made(known: Any) -> Any:
    if isinstance(known, _Shape):
        return torch.empty_strided(known.size, known.stride, dtype=known.dtype, device="meta")
    return type(known)(map(_made, known)) if isinstance(known, (list, tuple)) else known
