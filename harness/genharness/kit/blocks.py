"""Small blocks that several families of models share: stages of an image, convolutions, MLPs, latent paths."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from genharness.errors import ConfigError
from genharness.spec.plugins import DataShape

__all__ = [
    "down_conv",
    "frozen",
    "halvings",
    "image_side",
    "init_he",
    "init_normal",
    "latent_paths",
    "mlp",
    "random_normal",
    "slerp",
    "up_conv",
]


def image_side(data: DataShape) -> int:
    """Return the side of square images in pixels.

    Raises:
        ConfigError: If the images are not square.
    """
    if data.height != data.width:
        raise ConfigError(f"images are {data.height}x{data.width}: this model needs square ones; resize or crop them")
    return data.height


def halvings(size: int, base: int = 7) -> tuple[int, ...]:
    """Return the sides of a feature pyramid, from the image down to at most `base` pixels.

    Each side is half of the one before, rounded up, so that nothing is ever cropped: 8 gives (8, 4),
    28 gives (28, 14, 7), 64 gives (64, 32, 16, 8, 4) and 30 gives (30, 15, 8, 4).

    Args:
        size: Side of the image in pixels.
        base: Largest side of the last stage.

    Raises:
        ValueError: If `size` or `base` is below 1.
    """
    if size < 1 or base < 1:
        raise ValueError(f"size and base must be at least 1, got {size} and {base}")
    sides = [size]
    while sides[-1] > base:
        sides.append((sides[-1] + 1) // 2)
    return tuple(sides)


def down_conv(inputs: int, outputs: int, side: int, *, bias: bool = True) -> nn.Conv2d:
    """Return a strided convolution from `side` to `ceil(side / 2)` pixels.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        side: Side of the input in pixels; the kernel is 4 (3 where the side is odd).
        bias: Whether it has a bias: superfluous before a batch norm.
    """
    return nn.Conv2d(inputs, outputs, _kernel(side), stride=2, padding=1, bias=bias)


def up_conv(inputs: int, outputs: int, side: int, *, bias: bool = True) -> nn.ConvTranspose2d:
    """Return a transposed convolution from `ceil(side / 2)` to exactly `side` pixels: the mirror of `down_conv`.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        side: Side of the output in pixels; the kernel is 4 (3 where the side is odd).
        bias: Whether it has a bias: superfluous before a batch norm.
    """
    return nn.ConvTranspose2d(inputs, outputs, _kernel(side), stride=2, padding=1, bias=bias)


def _kernel(side: int) -> int:
    return 4 if side % 2 == 0 else 3


def mlp(widths: Sequence[int], activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """Return linear layers of the given widths with `activation` between them and none after the last.

    Args:
        widths: Input, hidden and output widths, two at least.
        activation: Makes one activation layer.

    Raises:
        ValueError: If fewer than two widths are given.
    """
    if len(widths) < 2:
        raise ValueError(f"widths must name the input and the output at least, got {list(widths)}")
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])


def init_normal(module: nn.Module, std: float = 0.02) -> None:
    """Draw all weights from N(0, std), batch-norm gains from N(1, std); zero all biases (Radford et al. 2016)."""
    for part in module.modules():
        if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(part.weight, 0.0, std)
        elif isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)) and part.affine:
            nn.init.normal_(part.weight, 1.0, std)
        else:
            continue
        if part.bias is not None:
            nn.init.zeros_(part.bias)


def init_he(module: nn.Module, slope: float) -> None:
    """Draw weights so that signals keep their size through LeakyReLU (He et al. 2015); zero all biases.

    Args:
        module: Whose convolutions and linear layers are meant.
        slope: Negative slope of the LeakyReLU, 0 for ReLU.
    """
    for part in module.modules():
        if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.kaiming_normal_(part.weight, a=slope)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Compute no gradients for the parameters of `module` in what is built inside.

    A generator's step needs the gradient through the critic but not that of the critic's weights: a third
    of the critic's work. The loss may go backward inside or after the block.
    """
    trainable = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in trainable:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trainable:
            parameter.requires_grad_(True)


def random_normal(*shape: int, generator: torch.Generator) -> Tensor:
    """Return standard normal noise of `shape` float32 on the generator's device."""
    return torch.randn(*shape, generator=generator, device=generator.device)


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Interpolate along the great circle (White 2016, arXiv:1609.04468), which keeps the norm of Gaussian codes.

    Args:
        start: Codes `(n, d)`, none of them zero.
        end: Codes `(n, d)`, not parallel to `start`.
        t: Positions `(n, 1)` in [0, 1].

    Returns:
        Codes `(n, d)`.
    """
    cosine = nn.functional.cosine_similarity(start, end, dim=1, eps=1e-12).clamp(-1 + 1e-6, 1 - 1e-6)
    omega = cosine.acos()[:, None]
    return (((1 - t) * omega).sin() * start + (t * omega).sin() * end) / omega.sin()


def latent_paths(rows: int, columns: int, latent: int, *, generator: torch.Generator) -> Tensor:
    """Return `rows` spherical paths of `columns` points between random codes of N(0, 1).

    Args:
        rows: Number of paths.
        columns: Points of each, both ends included.
        latent: Dimensions of a code.
        generator: The only source of randomness.

    Returns:
        Codes `(rows * columns, latent)`, path after path.
    """
    ends = random_normal(2, rows, latent, generator=generator).repeat_interleave(columns, dim=1)
    t = torch.linspace(0, 1, columns, device=generator.device).repeat(rows)[:, None]
    return slerp(ends[0], ends[1], t)
