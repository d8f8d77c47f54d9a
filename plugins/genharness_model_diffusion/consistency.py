"""Improved techniques for training consistency models (Song and Dhariwal 2023, arXiv:2310.14189)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

from genharness import DataShape
from genharness.kit import Batch
from genharness.kit.blocks import random_normal
from genharness.kit.solvers import karras_levels
from genharness_model_diffusion.base import UNetModel, per_image
from genharness_model_diffusion.configs import ConsistencyConfig

__all__ = ["Consistency", "level_probabilities"]


class Consistency(UNetModel):
    """f(x, sigma), which leads every point of a path of the probability flow to where the path ends, in one step.

    Trained from scratch: f at a noise level is drawn to f at the next lower one, on the same noise, by the same
    weights without their gradient. Levels become finer as training goes on. The paper's RAdam is Adam with a warm-up of
    2 / (1 - beta_2) steps, which comes to the same (Ma and Yarats 2019, arXiv:1910.04209).

    Args:
        data: What the samples look like.
        config: The options.
    """

    config: ConsistencyConfig

    def __init__(self, data: DataShape, config: ConsistencyConfig) -> None:
        super().__init__(data, config)
        self.c = config.huber * math.sqrt(math.prod(data.shape))
        self._kept: tuple[int, Tensor, Tensor] | None = None

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Minimise lambda(sigma) d(f(y + sigma z, sigma), f(y + tau z, tau)) for neighbouring levels tau < sigma."""
        y, z = batch.data, torch.randn_like(batch.data)
        levels, chances = self._tables(batch.progress, y)
        place = torch.multinomial(chances, len(y), replacement=True)
        tau, sigma = per_image(levels[place]), per_image(levels[place + 1])
        labels = self.known_classes(batch)
        masks = _random_state(y.device) if self.config.dropout > 0 else None
        student = self.consistent(y + sigma * z, sigma, labels)
        if masks is not None:  # both drop the same features (section 3.1 of the paper)
            _set_random_state(y.device, masks)
        with torch.no_grad():
            teacher = self.consistent(y + tau * z, tau, labels)
        squares = ((student - teacher) ** 2).flatten(1).sum(1)
        distance = (squares + self.c**2).sqrt() - self.c  # Pseudo-Huber
        loss = (distance / (sigma - tau).flatten()).mean()
        self.descend(loss, batch)
        return {"loss": loss.detach()}

    def intervals(self, progress: float) -> int:
        """Return how many intervals lie between noise levels at a place in the budget; they double, evenly spread."""
        first, last = self.config.levels_first, self.config.levels_last
        stages = math.log2(last / first) + 1
        return int(min(first * 2 ** math.floor(progress * stages), last))

    def levels(self, progress: float) -> list[float]:
        """Return the noise levels at a place in the budget, rising, one more than `intervals`."""
        return karras_levels(self.intervals(progress) + 1, self.config.sigma_min, self.config.sigma_max)[-2::-1]

    def _tables(self, progress: float, like: Tensor) -> tuple[Tensor, Tensor]:
        """Return the noise levels and how often each interval is drawn, made anew only where their number changes."""
        count = self.intervals(progress)
        if self._kept is None or self._kept[0] != count:
            levels = self.levels(progress)
            chances = level_probabilities(levels, self.config.noise_mean, self.config.noise_std)
            self._kept = count, like.new_tensor(levels), like.new_tensor(chances)
        return self._kept[1:]

    def consistent(self, x: Tensor, sigma: Tensor, labels: Tensor | None) -> Tensor:
        """Return f(x, sigma) for noise levels `(n, 1, 1, 1)`; at sigma_min it is x."""
        s, d, least = sigma, self.config.sigma_data, self.config.sigma_min
        c_skip = d**2 / ((s - least) ** 2 + d**2)
        c_out = d * (s - least) / (s**2 + d**2).sqrt()
        c_in = 1 / (s**2 + d**2).sqrt()
        return c_skip * x + c_out * self.guided(c_in * x, 250 * s.log().flatten(), labels)

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Go from noise to an image at once; by more steps, noise it to a lower level each time and come back."""
        config = self.config

        def leap(x: Tensor, sigma: float) -> Tensor:
            return self.consistent(x, x.new_full((len(x), 1, 1, 1), sigma), labels).clamp(-1, 1)

        x = leap(config.sigma_max * self.noise(n, generator), config.sigma_max)
        for step in range(1, config.steps):
            sigma = config.sigma_max * (config.middle / config.sigma_max) ** (step / (config.steps - 1))
            added = math.sqrt(sigma**2 - config.sigma_min**2)
            x = leap(x + added * random_normal(*x.shape, generator=generator), sigma)
        return x


def level_probabilities(levels: list[float], mean: float, std: float) -> list[float]:
    """Return how often each of the intervals between rising levels is drawn, as their logarithms are normal.

    Args:
        levels: Two or more.
        mean: Of the logarithms.
        std: Their standard deviation.

    Returns:
        One for every level but the last; they sum to 1.
    """
    at = [math.erf((math.log(level) - mean) / (math.sqrt(2) * std)) for level in levels]
    chances = [high - low for low, high in pairwise(at)]
    total = sum(chances)
    return [chance / total for chance in chances]


def _random_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_random_state(device: torch.device, state: Tensor) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
