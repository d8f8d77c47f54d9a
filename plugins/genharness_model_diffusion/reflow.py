"""Reflow: a flow learns again from pairs of noise and what it led it to (Liu et al. 2022, arXiv:2209.03003)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils import parameters_to_vector

from genharness.kit.solvers import heun

__all__ = ["PairPool"]

SHARE = 4
"""One in so many pairs of a batch is new, the others are drawn from those made before."""


class PairPool(nn.Module):
    """The latest pairs (z, ODE(z)) of a flow as it was when they began, some new ones at every step.

    Lines between the two of a pair do not cross, so a flow that learns them is nearly straight, and a step or two of a
    solver do (section 2.2). The paper makes all pairs beforehand; here they are made along the way, so that steps take
    the same time and nothing but the pool is kept. All decisions stay on the device: no step waits for it.

    Args:
        network: What tells the velocity: of images, times from 0 to 1000, and classes or None.
        shape: Of an image.
        capacity: Pairs that are kept; the oldest make room.
        steps: Steps of Heun's method that lead noise to an image.
    """

    made: Tensor
    weights: Tensor
    noise: Tensor
    images: Tensor
    labels: Tensor

    def __init__(self, network: nn.Module, shape: Sequence[int], *, capacity: int, steps: int) -> None:
        super().__init__()
        self.capacity, self.times = capacity, [step / steps for step in range(steps + 1)]
        self.register_buffer("made", torch.zeros((), dtype=torch.int64))
        self.register_buffer("weights", torch.zeros_like(parameters_to_vector(network.parameters()).detach()))
        self.register_buffer("noise", torch.zeros(capacity, *shape))
        self.register_buffer("images", torch.zeros(capacity, *shape))
        self.register_buffer("labels", torch.zeros(capacity, dtype=torch.int64))

    @torch.no_grad()
    def draw(self, network: nn.Module, n: int, labels: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return noise and images `(n, c, h, w)` that belong together, and their classes `(n,)`.

        Args:
            network: The network, whose weights of the first call make all pairs.
            n: How many pairs.
            labels: Classes of a batch, which the new pairs take; None for a model without classes.
        """
        now = parameters_to_vector(network.parameters())
        self.weights.copy_(torch.where(self.made == 0, now, self.weights))
        new = self._make(network, min(-(-n // SHARE), self.capacity), labels)
        old = (torch.rand(n - len(new), device=new.device) * self.made.clamp(max=self.capacity)).long()
        rows = torch.cat((new, old))
        return self.noise[rows], self.images[rows], None if labels is None else self.labels[rows]

    def _make(self, network: nn.Module, count: int, labels: Tensor | None) -> Tensor:
        """Put new pairs into the pool and return their rows."""
        rows = (self.made + torch.arange(count, device=self.made.device)) % self.capacity
        z = torch.randn(count, *self.noise.shape[1:], device=self.noise.device)
        known = None if labels is None else labels[:count]
        self.noise[rows], self.images[rows] = z, self._led(network, z, known)
        if known is not None:
            self.labels[rows] = known
        self.made += count
        return rows

    def _led(self, network: nn.Module, z: Tensor, labels: Tensor | None) -> Tensor:
        """Return where the flow of the kept weights leads `z`, without dropout."""
        sizes = [weight.numel() for weight in network.parameters()]
        parts = self.weights.split(sizes)
        kept = {
            name: part.view_as(weight) for (name, weight), part in zip(network.named_parameters(), parts, strict=True)
        }
        training = network.training
        network.eval()
        try:
            return heun(
                lambda x, t: functional_call(network, kept, (x, x.new_full((len(x),), 1000 * t), labels)).float(),
                z,
                self.times,
            )
        finally:
            network.train(training)
