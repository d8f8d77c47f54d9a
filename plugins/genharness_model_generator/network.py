"""A network whose inside torch does not see as modules: an exported graph, or another runtime's session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from genharness import ConfigError

__all__ = ["Network"]


class Network(nn.Module):
    """Calls a function of latents (and class indices) as a layer with so many parameters.

    The graph itself stays out of torch's tree of modules: it keeps the memory format and the modes that it was exported
    with. One parameter, a view of a single number, has as many entries as all weights of the graph, so that they are
    counted; that the layer is called is what counts as a function evaluation.

    Args:
        function: The graph.
        parameters: Entries of its weights.
        batch: Latents that it takes at a time, or None for any number.
        counted: Whether its operations are torch's, so that they can be counted.
        compiles: Whether `torch.compile` reaches it.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        parameters: int,
        batch: int | None = None,
        counted: bool = True,
        compiles: bool = False,
    ) -> None:
        super().__init__()
        self.function, self.batch, self.counted, self._compiles = (function,), batch, counted, compiles
        self.weights = nn.Parameter(torch.zeros(()).expand(parameters), requires_grad=False)

    def forward(self, *inputs: Tensor) -> Any:
        """Return what the graph gives for latents `(n, ...)`, and class indices `(n,)` where it takes them."""
        return self.function[0](*inputs)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Put the graph through `torch.compile`.

        Raises:
            ConfigError: If it is of a kind that torch.compile does not reach.
        """
        if not self._compiles:
            raise ConfigError("--compile reaches .pt2, FILE.py:FACTORY and diffusers only: leave it out for this file")
        super().compile(*args, **kwargs)
