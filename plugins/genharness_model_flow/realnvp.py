"""Density estimation using Real NVP (Dinh et al. 2017, arXiv:1605.08803)."""

from __future__ import annotations

import torch
from torch import nn

from genharness import ConfigError, DataShape
from genharness.kit.blocks import mlp
from genharness.kit.optim import adam
from genharness_model_flow.base import Flow, not_even
from genharness_model_flow.configs import RealNVPConfig
from genharness_model_flow.couplings import ChannelCoupling, MaskedCoupling, ResidualNetwork, checkerboard
from genharness_model_flow.invertible import Composed, FlowNorm, Invertible, Logit, MultiScale, Split, Squeeze
from genharness_model_flow.whiten import whitening

__all__ = ["RealNVP"]


class RealNVP(Flow):
    """Couplings by checkerboards and by channels at several scales; for rows, couplings by every other column.

    Args:
        data: What the samples look like.
        config: The options.

    Raises:
        ConfigError: If images cannot be halved as often as there are scales, or rows have one column.
    """

    config: RealNVPConfig

    def __init__(self, data: DataShape, config: RealNVPConfig) -> None:
        super().__init__(data, config)
        self.flow = _of_rows(data, config) if data.modality == "tabular" else _of_images(data, config)
        self.optimiser = adam(_parameters(self.flow, lengths=False), config.lr)
        lengths = {"params": _parameters(self.flow, lengths=True), "weight_decay": config.weight_decay}
        self.optimiser.add_param_group(lengths)


def _parameters(flow: Invertible, *, lengths: bool) -> list[nn.Parameter]:
    """Return the scales of couplings and the lengths of weights (g of weight norm), or all others."""
    names = (".scale", ".original0")
    return [weight for name, weight in flow.named_parameters() if name.endswith(names) == lengths]


def _of_images(data: DataShape, config: RealNVPConfig) -> Composed:
    c, h, w = data.shape
    count = _scales(h, w) if config.scales is None else config.scales
    scales: list[Invertible] = []
    shapes: list[tuple[int, int, int]] = []
    for scale in range(count):
        features = config.features * 2**scale
        if scale == count - 1:
            scales.append(Composed(_checkerboards(c, h, w, features, config.blocks, 4)))
            shapes.append((c, h, w))
            break
        if h % 2 or w % 2:
            raise ConfigError(not_even(data, count - 1))
        before = _checkerboards(c, h, w, features, config.blocks, 3)
        c, h, w = 4 * c, h // 2, w // 2
        after = _by_channels(c, 2 * features, config.blocks, 3)
        scales.append(Composed([*before, Squeeze(), *after]))
        shapes.append((c, h, w))
        c //= 2
    return Composed(
        [
            Logit(config.alpha),
            *whitening(data, config),
            MultiScale(scales, [Split() for _ in scales[1:]], shapes),
        ]
    )


def _scales(height: int, width: int) -> int:
    """Return 2 scales up to 32 pixels, as in the paper; beyond, as many as lead to 8 pixels or a little more."""
    scales, side = 2, min(height, width) // 2
    while max(height, width) > 32 and side % 2 == 0 and side >= 16:
        scales, side = scales + 1, side // 2
    return scales


def _checkerboards(c: int, h: int, w: int, features: int, blocks: int, count: int) -> list[Invertible]:
    parts: list[Invertible] = []
    for index in range(count):
        network = ResidualNetwork(c, 2 * c, features, blocks)
        parts += [MaskedCoupling(checkerboard(h, w, flip=index % 2 == 1), network, c), FlowNorm(c)]
    return parts


def _by_channels(c: int, features: int, blocks: int, count: int) -> list[Invertible]:
    parts: list[Invertible] = []
    for index in range(count):
        network = ResidualNetwork(c // 2, c, features, blocks)
        parts += [ChannelCoupling(network, c // 2, flip=index % 2 == 1), FlowNorm(c)]
    return parts


def _of_rows(data: DataShape, config: RealNVPConfig) -> Composed:
    d = data.columns
    if d < 2:
        raise ConfigError("rows have one column: realnvp needs two at least, of which one tells of the other")
    parts: list[Invertible] = []
    for index in range(config.couplings):
        network = mlp([d, config.hidden, config.hidden, 2 * d])
        _begin_at_zero(network)
        mask = ((torch.arange(d) + index) % 2).float()[None]
        parts += [MaskedCoupling(mask, network, d), FlowNorm(d)]
    return Composed(parts)


def _begin_at_zero(network: nn.Sequential) -> None:
    last = network[-1]
    assert isinstance(last, nn.Linear)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
