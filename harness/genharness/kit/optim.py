"""Optimisers as fast as torch makes them, and learning-rate schedules without state.

A schedule here is a function of `Batch.progress`, so a run that goes on from a checkpoint needs nothing
restored: the next step sets the same rate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from genharness.kit.precision import no_autocast

__all__ = [
    "adam",
    "cosine_decay",
    "linear_decay",
    "linear_warmup",
    "minimise",
    "optimiser",
    "scheduled",
    "set_learning_rate",
]

OptimiserName = Literal["adam", "adamw", "rmsprop", "sgd"]
ScheduleName = Literal["constant", "linear", "cosine"]

_FUSED_DEVICES = {"cpu", "cuda", "mps", "xpu"}


def adam(
    parameters: Iterable[Tensor],
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    *,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> torch.optim.Adam:
    """Return Adam (Kingma and Ba 2015), in torch's fused kernel wherever there is one.

    Args:
        parameters: What it updates, at least one tensor.
        lr: Learning rate.
        betas: Decay of the running mean and of the running square.
        eps: Added to the denominator.
        weight_decay: L2 penalty, added to the gradient.
    """
    tensors = list(parameters)
    fused = all(tensor.device.type in _FUSED_DEVICES and tensor.is_floating_point() for tensor in tensors)
    return torch.optim.Adam(tensors, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, fused=fused)


def optimiser(
    name: OptimiserName, parameters: Iterable[Tensor], lr: float, betas: tuple[float, float] = (0.9, 0.999)
) -> Optimizer:
    """Return an optimiser by its name, for models that let users choose.

    Args:
        name: `adam`; `adamw`, whose decay of weights by 0.01 is torch's (Loshchilov and Hutter 2019); `rmsprop`; `sgd`.
        parameters: What it updates, at least one tensor.
        lr: Learning rate.
        betas: Decay of the running mean of gradients (for `sgd` the momentum; `rmsprop` has none) and of their squares.
    """
    if name == "adam":
        return adam(parameters, lr, betas)
    if name == "adamw":
        return torch.optim.AdamW(parameters, lr=lr, betas=betas)
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=lr, alpha=betas[1])
    return torch.optim.SGD(parameters, lr=lr, momentum=betas[0])


def minimise(optimiser: Optimizer, loss: Tensor, *, clip: float | None = None) -> None:
    """Take one step of `optimiser` down the gradient of the scalar `loss`; autocast is for forward passes only.

    Args:
        optimiser: Has the parameters.
        loss: A scalar.
        clip: Norm to which a longer gradient, of all parameters together, is shortened.
    """
    optimiser.zero_grad(set_to_none=True)
    with no_autocast(loss.device):
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_([part for group in optimiser.param_groups for part in group["params"]], clip)
        optimiser.step()


def set_learning_rate(optimiser: Optimizer, lr: float) -> None:
    """Set the learning rate of every parameter group."""
    for group in optimiser.param_groups:
        group["lr"] = lr


def linear_decay(lr: float, progress: float, start: float = 0.0) -> float:
    """Return `lr` until `progress` reaches `start`, then a straight line to 0 at the end of the budget; 1 for none."""
    return lr if progress <= start else lr * ((1.0 - progress) / (1.0 - start))


def cosine_decay(lr: float, progress: float) -> float:
    """Return half a cosine from `lr` at the start to 0 at the end of the budget."""
    return lr * 0.5 * (1.0 + math.cos(math.pi * progress))


def linear_warmup(lr: float, step: int, steps: int) -> float:
    """Return a straight line from `lr / steps` at step 0 to `lr` at step `steps - 1`, and `lr` from there."""
    return lr * min(1.0, (step + 1) / steps) if steps > 0 else lr


def scheduled(lr: float, progress: float, schedule: ScheduleName) -> float:
    """Return the learning rate at a place in the budget: `lr` itself, or fallen towards 0 at the budget's end."""
    if schedule == "linear":
        return linear_decay(lr, progress)
    return cosine_decay(lr, progress) if schedule == "cosine" else lr
