"""The networks of DCGAN (Radford et al. 2016), which several models here build on."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from genharness.kit.blocks import down_conv, halvings, image_side, init_he, init_normal, up_conv
from genharness.kit.precision import no_autocast
from genharness.spec.plugins import DataShape
from genharness_model_gan.conditioning import ConditionalBatchNorm2d, ScoreHead, with_classes

__all__ = ["DCGANDiscriminator", "DCGANGenerator"]


class ResidualConv(nn.Module):
    """h + ReLU(BN(conv3x3(h))), what `deep-dcgan` adds at every resolution."""

    def __init__(self, channels: int, activation: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.activation = activation

    def forward(self, h: Tensor) -> Tensor:
        """Map `(n, channels, height, width)` to the same shape."""
        y: Tensor = h + self.activation(self.norm(self.conv(h)))
        return y


class DCGANGenerator(nn.Module):
    """z -> project and reshape -> [norm, ReLU, transposed convolution] per stage -> tanh.

    Args:
        data: Shape of the images.
        latent: Dimensions of z.
        width: Channels at half the image's side, doubled at every stage below.
        classes: Number of classes that condition the input and the batch norms, 0 for none.
        blocks: Residual convolutions at every resolution.
    """

    def __init__(self, data: DataShape, latent: int, width: int, *, classes: int = 0, blocks: int = 0) -> None:
        super().__init__()
        sides = halvings(image_side(data))  # (28, 14, 7)
        widths = [data.channels, *(width << stage for stage in range(len(sides) - 1))]  # [1, 64, 128]
        norm = partial(ConditionalBatchNorm2d, classes=classes) if classes else nn.BatchNorm2d
        self.classes = classes
        self.base = (sides[-1], sides[-1], widths[-1])
        self.project = nn.Linear(latent + classes, sides[-1] ** 2 * widths[-1], bias=False)
        self.norms = nn.ModuleList(norm(channels) for channels in widths[:0:-1])
        self.extras = nn.ModuleList(_residuals(blocks, channels, nn.ReLU(inplace=True)) for channels in widths[:0:-1])
        self.ups = nn.ModuleList(
            up_conv(inputs, outputs, side, bias=side == sides[0])
            for (inputs, outputs), side in zip(pairwise(widths[::-1]), sides[-2::-1], strict=True)
        )
        init_normal(self)

    def forward(self, z: Tensor, *labels: Tensor) -> Tensor:
        """Map z `(n, latent)`, and classes `(n,)` where conditional, to images `(n, c, h, w)` in [-1, 1]."""
        # Height, width, channels in memory: the layout in which convolutions are fastest.
        h = self.project(with_classes(z, self.classes, *labels)).unflatten(1, self.base).permute(0, 3, 1, 2)
        for stage, (norm, extra) in enumerate(zip(self.norms, self.extras, strict=True)):
            h = self.ups[stage - 1](h) if stage else h
            h = extra(F.relu(norm(h, *labels), inplace=True))
        with no_autocast(h.device):  # 8 bits of bfloat16 are fewer than the 256 levels of an image need
            image: Tensor = self.ups[-1](h.float()).tanh()
        return image


class DCGANDiscriminator(nn.Module):
    """[strided convolution, batch norm, LeakyReLU .2] per stage -> linear.

    Args:
        data: Shape of the images.
        width: Channels after the first stage, doubled at every further one.
        outputs: Numbers returned for an image.
        batch_norm: Whether stages after the first are batch-normalised; a gradient penalty forbids it.
        blocks: Residual convolutions at every resolution.
        classes: Number of classes that the scores are of, 0 for none.
    """

    def __init__(
        self,
        data: DataShape,
        width: int,
        *,
        outputs: int = 1,
        batch_norm: bool = True,
        blocks: int = 0,
        classes: int = 0,
    ) -> None:
        super().__init__()
        sides = halvings(image_side(data))
        stages: list[nn.Module] = []
        channels = data.channels
        for stage, side in enumerate(sides[:-1]):
            normalised = batch_norm and stage > 0
            stages.append(down_conv(channels, width << stage, side, bias=not normalised))
            channels = width << stage
            stages.append(nn.BatchNorm2d(channels) if normalised else nn.Identity())
            stages += [nn.LeakyReLU(0.2, inplace=True), _residuals(blocks, channels, nn.LeakyReLU(0.2, inplace=True))]
        self.stages = nn.Sequential(*stages)
        self.head = ScoreHead(channels * sides[-1] ** 2, outputs, classes=classes)
        if batch_norm:
            init_normal(self)
        else:  # nothing else would keep the signal's size through the stages
            init_he(self, slope=0.2)

    def forward(self, x: Tensor, *labels: Tensor) -> Tensor:
        """Map images `(n, c, h, w)`, and classes `(n,)` where conditional, to `(n, outputs)`."""
        scores: Tensor = self.head(self.stages(x).flatten(1), *labels)
        return scores


def _residuals(count: int, channels: int, activation: nn.Module) -> nn.Sequential:
    return nn.Sequential(*(ResidualConv(channels, activation) for _ in range(count)))
