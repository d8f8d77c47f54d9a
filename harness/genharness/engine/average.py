"""Exponential moving averages of weights, by torch's own `AveragedModel`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from genharness.kit.model import GenerativeModel

__all__ = ["WeightAverage"]


class WeightAverage:
    """The average that samples are drawn from; without a decay it does nothing.

    Args:
        model: The trained model; its `averaged_module()` is covered.
        decay: Decay per step, or None.
    """

    def __init__(self, model: GenerativeModel, decay: float | None) -> None:
        self._model = model
        self._average: AveragedModel | None = None
        if decay is not None:
            self._average = AveragedModel(model.averaged_module(), multi_avg_fn=get_ema_multi_avg_fn(decay))

    def update(self) -> None:
        """Take in the weights after a step."""
        if self._average is not None:
            self._average.update_parameters(self._model.averaged_module())

    @contextmanager
    def applied(self) -> Iterator[GenerativeModel]:
        """Give the model with the averaged weights in place, in eval mode; both are as before afterwards."""
        modes = [(module, module.training) for module in self._model.modules()]
        self._swap()
        self._model.eval()
        try:
            yield self._model
        finally:
            for module, training in modes:
                module.training = training
            self._swap()

    def _swap(self) -> None:
        if self._average is None:
            return
        averaged: nn.Module = self._average.module
        for live, average in zip(self._model.averaged_module().parameters(), averaged.parameters(), strict=True):
            live.data, average.data = average.data, live.data

    def state(self) -> dict[str, Any] | None:
        """Return what a checkpoint must hold."""
        return None if self._average is None else self._average.state_dict()

    def load(self, state: Mapping[str, Any] | None) -> None:
        """Restore what `state` gave."""
        if self._average is not None and state is not None:
            self._average.load_state_dict(state)
