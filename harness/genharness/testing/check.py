"""One named check."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import torch

__all__ = ["Check", "ConformanceError", "must", "no_reason"]


class ConformanceError(AssertionError):
    """A plugin breaks the contract; the message says how."""


def no_reason() -> str:
    """Return that there is no reason to skip."""
    return ""


@dataclass(frozen=True)
class Check:
    """A check that is run by calling it.

    Attributes:
        name: What is checked of whom, such as `vae: checkpoint`.
        run: Raises `ConformanceError` when it fails.
        gpu: Whether it needs a CUDA device.
        skip_reason: Returns why it cannot be run here, or an empty string.
        of: The function whose docstring says what the contract is; None: that of `run`.
    """

    name: str
    run: Callable[[], None]
    gpu: bool = False
    skip_reason: Callable[[], str] = no_reason
    of: Callable[..., None] | None = None

    @property
    def contract(self) -> str:
        """What the contract says, in a line."""
        function = self.of or getattr(self.run, "func", self.run)
        return (function.__doc__ or "").strip().split("\n")[0]

    def __call__(self) -> None:
        """Run it, or raise `unittest.SkipTest` where it cannot be run."""
        reason = "needs a CUDA device" if self.gpu and not torch.cuda.is_available() else self.skip_reason()
        if reason:
            raise unittest.SkipTest(reason)
        self.run()

    def __str__(self) -> str:
        return self.name


def must(condition: object, message: str) -> None:
    """Raise `ConformanceError` with the message unless the condition holds."""
    if not condition:
        _fail(message)


def _fail(message: str) -> NoReturn:
    raise ConformanceError(message)
