"""How the autoencoders' networks are trained: the optimiser and the schedule that their options name."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor
from torch.optim import Optimizer

from genharness.kit.model import Batch
from genharness.kit.optim import minimise, optimiser, scheduled, set_learning_rate
from genharness_model_vae.configs import AEConfig

__all__ = ["descend", "optimiser_of"]


def optimiser_of(config: AEConfig, parameters: Iterable[Tensor]) -> Optimizer:
    """Return the optimiser that `config.optimizer` names, with torch's usual running means."""
    return optimiser(config.optimizer, parameters, config.lr)


def descend(config: AEConfig, trained: Optimizer, loss: Tensor, batch: Batch) -> None:
    """Take one step down the loss, at the rate of this place in the budget."""
    set_learning_rate(trained, scheduled(config.lr, batch.progress, config.schedule))
    minimise(trained, loss)
