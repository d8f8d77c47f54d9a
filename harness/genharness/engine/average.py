"""Exponential moving averages of what samples are drawn from."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook

from genharness.kit.model import GenerativeModel

__all__ = ["WeightAverage"]


class WeightAverage:
    """The average that samples are drawn from; without a decay it does nothing.

    It covers parameters and floating-point buffers: batch norm's statistics of averaged weights are those of no step.
    It follows steps of the averaged module, not of the training: where a generator moves in one step of five, the decay
    is that of a generator's step. After n of them it is min(decay, (1 + n) / (10 + n)), so that the random weights of
    the beginning, which weigh 0.99^100 = 37 % after a hundred steps of a decay of 0.99, are soon forgotten.

    Args:
        model: The trained model; its `averaged_module()` is covered.
        decay: Decay per step of that module, or None.
    """

    def __init__(self, model: GenerativeModel, decay: float | None) -> None:
        self._model = model
        self._decay = decay
        self._steps = 0
        live = {} if decay is None else _averaged(model.averaged_module())
        self._average = {name: tensor.detach().clone() for name, tensor in live.items()}
        self._moves = _Moves(model.averaged_module() if live else nn.Module())

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after a training step, if it has moved them."""
        if self._decay is None or not self._moves.happened():
            return
        live = _averaged(self._model.averaged_module())
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        torch._foreach_lerp_(list(self._average.values()), [live[name] for name in self._average], 1 - decay)
        self._steps += 1
        self._moves.forget()

    def overlook(self) -> None:
        """Take the weights as they are for those of the last update: something else than a step has written them."""
        self._moves.forget()

    @contextmanager
    def applied(self) -> Iterator[GenerativeModel]:
        """Give the model with the averages in place, in eval mode; both are as before afterwards.

        What is written to a buffer meanwhile, as by a model that is fitted to the data, is kept with the averages.
        """
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
        live = _averaged(self._model.averaged_module()) if self._average else {}
        for name, average in self._average.items():
            live[name].data, self._average[name] = average, live[name].data
        self._moves.forget()

    def state(self) -> dict[str, Any] | None:
        """Return what a checkpoint must hold."""
        return None if self._decay is None else {"steps": self._steps, "average": dict(self._average)}

    def load(self, state: Mapping[str, Any] | None) -> None:
        """Restore what `state` gave, after the model has been restored."""
        if self._decay is not None and state is not None:
            self._steps = state["steps"]
            devices = {name: tensor.device for name, tensor in self._average.items()}
            self._average = {name: part.to(devices[name], copy=True) for name, part in state["average"].items()}
        self._moves.forget()


class _Moves:
    """Whether anything has moved the parameters of a module, as the host knows it: no value of them is looked at.

    Torch counts writes to a tensor, but not those of fused optimisers; of these it tells by a hook.
    """

    def __init__(self, module: nn.Module) -> None:
        self._parameters = list(module.parameters())
        self._own = {id(parameter) for parameter in self._parameters}
        self._stepped = False
        me = weakref.ref(self)

        def note(optimiser: Optimizer, *_: Any) -> None:
            moves = me()
            if moves is not None:
                moves._note(optimiser)

        hook = register_optimizer_step_post_hook(note)
        weakref.finalize(self, hook.remove)
        self.forget()

    def _note(self, optimiser: Optimizer) -> None:
        parts = (parameter for group in optimiser.param_groups for parameter in group["params"])
        self._stepped = self._stepped or any(id(parameter) in self._own for parameter in parts)

    def happened(self) -> bool:
        return self._stepped or self._writes() != self._seen

    def forget(self) -> None:
        self._stepped = False
        self._seen = self._writes()

    def _writes(self) -> int:
        return sum(parameter._version for parameter in self._parameters)


def _averaged(module: nn.Module) -> dict[str, Tensor]:
    """Return parameters and floating-point buffers by name, but for what a reparametrisation iterates on.

    The mean of two singular vectors (of spectral norm) is none.
    """
    buffers = {
        name: buffer
        for name, buffer in module.named_buffers()
        if buffer.is_floating_point() and "parametrizations." not in name
    }
    return {**dict(module.named_parameters()), **buffers}
