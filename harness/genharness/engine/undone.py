"""A model's state in training, kept so that steps can be undone."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_map

from genharness.engine.average import WeightAverage
from genharness.kit.model import GenerativeModel

__all__ = ["KeptState"]


class KeptState:
    """Weights and state of training as they are when this is made.

    The random states and what a step leaves in the process are not among them; see `engine.random_state.undisturbed`.

    Args:
        model: In training.
        average: Does not see the steps that are undone.
    """

    def __init__(self, model: GenerativeModel, average: WeightAverage) -> None:
        self._model, self._average = model, average
        self._weights, self._training = _on_cpu(model.state_dict()), _on_cpu(model.training_state())

    def restore(self) -> None:
        """Put the model back to where it was; as often as one likes."""
        self._model.load_state_dict(self._weights)
        self._model.load_training_state(_on_cpu(self._training))  # optimisers go on in the tensors that they are given
        self._model.zero_grad(set_to_none=True)
        self._average.overlook()


def _on_cpu(state: Any) -> Any:
    """Return a copy of nested values with their tensors on the CPU, where they take no memory of the device."""
    return tree_map(lambda part: part.detach().to("cpu", copy=True) if isinstance(part, Tensor) else part, state)
