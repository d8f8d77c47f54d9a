"""Flow matching: Lipman et al. 2022 (arXiv:2210.02747) along straight paths; couplings of Tong et al. 2023; reflow."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from genharness import DataShape
from genharness.kit import Batch
from genharness.kit.dequantise import GreyLevels
from genharness.kit.generators import seeded_generator
from genharness.kit.ode_density import log_density, standard_normal_log_density
from genharness_model_diffusion.base import UNetModel, per_image
from genharness_model_diffusion.configs import FlowMatchingConfig
from genharness_model_diffusion.reflow import PairPool
from genharness_model_diffusion.sampling import along_flow

__all__ = ["FlowMatching", "nearest_assignment"]


def in_last(batch: Batch, share: float) -> bool:
    """Return whether a batch is in the last `share` of the budget."""
    return share > 0 and batch.progress >= 1 - share


def nearest_assignment(x_0: Tensor, x_1: Tensor) -> Tensor:
    """Return the order of `x_0` that brings it nearest to `x_1` in the mean of squared distances, exactly.

    Optimal transport between the two batches (Tong et al. 2023, arXiv:2302.00482, section 3.2). It is found on the CPU:
    on a GPU the step waits for it, some milliseconds for 128 samples.

    Args:
        x_0: `(n, ...)`.
        x_1: `(n, ...)`.

    Returns:
        A permutation `(n,)` int64: `x_0[order]` goes with `x_1`.
    """
    costs = torch.cdist(x_1.flatten(1).float(), x_0.flatten(1).float()) ** 2
    _, order = linear_sum_assignment(costs.cpu().numpy())
    return torch.from_numpy(order).to(x_0.device)


class FlowMatching(UNetModel):
    """v(x, t), the mean velocity x_1 - x_0 of straight lines x_t = (1 - t) x_0 + t x_1 from noise x_0 to data x_1.

    In the last part of the budget that is `reflow`, x_1 is not data but where the flow itself leads x_0.
    """

    config: FlowMatchingConfig

    def __init__(self, data: DataShape, config: FlowMatchingConfig) -> None:
        super().__init__(data, config)
        self.likelihood_samples = config.likelihood_samples or None
        self.pairs = (
            PairPool(self.network, data.shape, capacity=config.reflow_pairs, steps=config.reflow_steps)
            if config.reflow
            else None
        )

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Minimise E || v(x_t, t) - (x_1 - x_0) ||^2."""
        x_0, x_1, labels = self.pairs_of(batch)
        t = self.times(len(x_1), x_1.device)
        if in_last(batch, self.config.distil):
            t = torch.zeros_like(t)  # the whole way in one step of euler (Liu et al. 2022, section 2.3)
        x_t = torch.lerp(x_0, x_1, per_image(t))
        loss = ((self.network(x_t, 1000 * t, labels) - (x_1 - x_0)) ** 2).mean()
        self.descend(loss, batch)
        return {"loss": loss.detach()}

    def pairs_of(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return noise, the images that it is led to, and their classes."""
        labels = self.known_classes(batch)
        if self.pairs is not None and in_last(batch, self.config.reflow):
            return self.pairs.draw(self.network, len(batch.data), labels)
        x_1 = self.dequantised(batch.data) if self.config.dequantise else batch.data
        x_0 = torch.randn_like(x_1)
        if self.config.coupling == "ot":
            x_0 = x_0[nearest_assignment(x_0, x_1)]
        return x_0, x_1, labels

    def times(self, n: int, device: torch.device) -> Tensor:
        """Return times `(n,)` in [0, 1]: uniform, or the sigmoids of normal numbers, which avoid both ends."""
        if self.config.times == "uniform":
            return torch.rand(n, device=device)
        return torch.randn(n, device=device).sigmoid()

    def dequantised(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return images whose pixels are spread over the width of their grey level."""
        return GreyLevels.of(self.data).spread(x, generator)

    def velocity(self, x: Tensor, t: float, labels: Tensor | None) -> Tensor:
        """Return v(x, t) `(n, c, h, w)`, guided to the classes."""
        return self.guided(x, x.new_full((len(x),), 1000 * t), labels)

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Follow dx/dt = v(x, t) from noise at t = 0 to data at t = 1."""

        def v(x: Tensor, t: float) -> Tensor:
            return self.velocity(x, t, labels)

        return along_flow(self.config, v, self.noise(n, generator)).clamp(-1, 1)

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """Return the bits per dimension `(n,)` of dequantised images under the flow, unconditional.

        Exact but for the error of the solver, whose steps are short near the data, where the flow bends, and of the
        divergence, which is estimated without bias. All noise comes from a fixed seed.
        """
        generator, steps = seeded_generator(x.device, 0), self.config.likelihood_steps
        nats = log_density(
            lambda x, t: self.velocity(x, t, None),
            self.dequantised(x, generator),
            [1 - (step / steps) ** 2 for step in range(steps + 1)],
            standard_normal_log_density,
            generator,
            probes=self.config.probes,
        )
        return -nats / (x[0].numel() * math.log(2)) - math.log2(GreyLevels.of(self.data).spacing)
