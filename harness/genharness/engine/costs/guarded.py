"""A function of a model that runs once or a few times: what it leaves changed of the process is set back and told."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

import torch

from genharness.engine.manners import SharedState

__all__ = ["guarded"]


@contextlib.contextmanager
def guarded(where: str) -> Iterator[None]:
    """Run a model's function, which may draw random numbers and seed them, and change nothing else that is shared.

    Args:
        where: Whose code runs, such as `vae.sample`.

    Raises:
        RunError: If anything else is not as it was; it is set back.
    """
    before = SharedState.now()
    try:
        yield
    except BaseException:
        before.restore()
        raise
    dataclasses.replace(before, seed=torch.initial_seed()).refuse_change(where)
