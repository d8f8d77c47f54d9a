"""The networks of StyleGAN2 (Karras et al. 2020, arXiv:1912.04958), in the configuration for small images.

Neither noise inputs nor style mixing nor path lengths: Karras et al. 2020 (arXiv:2006.06676, table 5) leave them out
for CIFAR-10.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genharness.kit.blocks import halvings, image_side
from genharness.kit.precision import no_autocast
from genharness.spec.plugins import DataShape
from genharness_model_gan.stylegan.layers import (
    EqualConv,
    EqualLinear,
    ProjectedScore,
    channels_of,
    lrelu,
    minibatch_deviation,
    normalised,
)

__all__ = ["Mapping", "ModulatedConv", "StyleDiscriminator", "StyleGenerator", "blur", "doubled", "halved"]

_MEAN_DECAY = 0.995


def blur(x: Tensor, pad: Sequence[int], gain: float = 1.0) -> Tensor:
    """Return x filtered by [1, 3, 3, 1] / 8 along both axes, times `gain`, after padding (before, after) each axis."""
    # Made on the device: a tensor of Python's numbers would be copied there, and waited for, at every call.
    taps = F.pad(x.new_full((2,), 3.0), (1, 1), value=1.0) * (math.sqrt(gain) / 8)
    channels = x.shape[1]
    x = F.pad(x, (pad[0], pad[1], pad[0], pad[1]))
    x = F.conv2d(x, taps.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
    return F.conv2d(x, taps.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)


def doubled(x: Tensor, side: int) -> Tensor:
    """Return images of twice the side, cut to `side`: zeros between the pixels, then the blur with a gain of 4."""
    n, channels, height, width = x.shape
    zeros = x.new_zeros(n, channels, height, 2, width, 2)
    zeros[:, :, :, 0, :, 0] = x
    return blur(zeros.view(n, channels, 2 * height, 2 * width), (2, 1), gain=4)[:, :, :side, :side]


def halved(x: Tensor) -> Tensor:
    """Return images of half the side, rounded up: the blur, then every second pixel."""
    return blur(x, (1, 2))[:, :, ::2, ::2]


class Mapping(nn.Module):
    """z, and a class, to the style w: normalised, then dense layers at a hundredth of the learning rate.

    Args:
        latent: Dimensions of z.
        style: Dimensions of w.
        layers: Dense layers.
        classes: Number of classes, 0 for none.
    """

    mean: Tensor

    def __init__(self, latent: int, style: int, layers: int, classes: int = 0) -> None:
        super().__init__()
        self.classes = classes
        self.embed = EqualLinear(classes, latent) if classes else None
        widths = [latent * (2 if classes else 1), *[style] * layers]
        self.layers = nn.ModuleList(EqualLinear(*pair, rate=0.01) for pair in pairwise(widths))
        self.register_buffer("mean", torch.zeros(style))

    def forward(self, z: Tensor, *labels: Tensor) -> Tensor:
        """Map z `(n, latent)`, and classes `(n,)` where conditional, to w `(n, style)`; training tracks w's mean."""
        w = normalised(z.float())
        if self.embed is not None:
            vector = self.embed(F.one_hot(labels[0], self.classes).to(w.dtype))
            w = torch.cat((w, normalised(vector)), dim=1)
        for layer in self.layers:
            w = lrelu(layer(w))
        if self.training:
            self.mean.copy_(torch.lerp(w.detach().float().mean(0), self.mean, _MEAN_DECAY))
        return w


class ModulatedConv(nn.Module):
    """A convolution whose weights are scaled by a style for each sample (section 2.2, equations 1 and 3).

    Scaling the weights is scaling their inputs, and demodulating them scaling their outputs, which needs no weights for
    each sample: y_j = d_j sum_i w_ij * (s_i x_i), d_j = (sum_i (s_i w_ij)^2 + 1e-8)^(-1/2).

    Args:
        inputs: Channels in.
        outputs: Channels out.
        kernel: Side of the kernel, odd.
        style: Dimensions of w.
        up: Whether it doubles the side, as a transposed convolution followed by the blur.
        demodulate: Whether outputs are brought back to their size.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, style: int, *, up: bool = False, demodulate: bool = True
    ) -> None:
        super().__init__()
        self.affine = EqualLinear(style, inputs, bias=1.0)
        self.conv = EqualConv(inputs, outputs, kernel)
        self.up, self.demodulate = up, demodulate

    def forward(self, x: Tensor, w: Tensor, side: int) -> Tensor:
        """Map features `(n, inputs, h, w)` and styles `(n, style)` to `(n, outputs, side, side)`, the bias added."""
        weight, styles = self.conv.effective_weight, self.affine(w).float()
        x = x * styles.to(x.dtype)[:, :, None, None]
        if self.up:
            x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)  # 2 h + 1 pixels
            x = blur(x, (1, 1), gain=4)[:, :, :side, :side]
        else:
            x = F.conv2d(x, weight, padding=weight.shape[2] // 2)
        if self.demodulate:
            scale = torch.rsqrt(styles.square() @ weight.float().square().sum((2, 3)).T + 1e-8)
            x = x * scale.to(x.dtype)[:, :, None, None]
        assert self.conv.bias is not None
        return x + self.conv.bias[:, None, None].to(x.dtype)


class StyleGenerator(nn.Module):
    """Mapping, a constant, two modulated convolutions a side (one at the first), images added up over the sides.

    Args:
        data: Shape of the images.
        latent: Dimensions of z.
        style: Dimensions of w.
        width: Channels of sides up to `full_side` pixels.
        mapping: Layers of the mapping.
        full_side: The largest side in pixels with all channels; half of them at every doubling above.
        classes: Number of classes, 0 for none.
    """

    def __init__(
        self,
        data: DataShape,
        latent: int,
        style: int,
        width: int,
        mapping: int,
        *,
        full_side: int = 32,
        classes: int = 0,
    ) -> None:
        super().__init__()
        self.sides = halvings(image_side(data))[::-1]  # (4, 8, 16, 32)
        widths = [channels_of(side, width, full_side) for side in self.sides]
        self.mapping = Mapping(latent, style, mapping, classes)
        self.constant = nn.Parameter(torch.randn(widths[0], self.sides[0], self.sides[0]))
        self.ups = nn.ModuleList(ModulatedConv(*pair, 3, style, up=True) for pair in pairwise(widths))
        self.convs = nn.ModuleList(ModulatedConv(channels, channels, 3, style) for channels in widths)
        self.to_rgb = nn.ModuleList(
            ModulatedConv(channels, data.channels, 1, style, demodulate=False) for channels in widths
        )

    def forward(self, z: Tensor, *labels: Tensor, truncation: float = 1.0) -> Tensor:
        """Map z `(n, latent)`, and classes `(n,)` where conditional, to images `(n, c, h, w)` about [-1, 1].

        Args:
            z: Noise.
            labels: Classes.
            truncation: psi; w is moved towards its mean, to mean + psi (w - mean).
        """
        return self.synthesis(self.styles(z, *labels, truncation=truncation))

    def styles(self, z: Tensor, *labels: Tensor, truncation: float = 1.0) -> Tensor:
        """Map z, and classes, to styles `(n, style)`; arguments as in `forward`."""
        w: Tensor = self.mapping(z, *labels)
        return w if truncation == 1 else torch.lerp(self.mapping.mean.to(w.dtype), w, truncation)

    def synthesis(self, w: Tensor) -> Tensor:
        """Map styles `(n, style)` to images `(n, c, h, w)`."""
        x = self.constant.expand(len(w), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        image: Tensor | None = None
        for stage, side in enumerate(self.sides):
            if stage:
                x = lrelu(self.ups[stage - 1](x, w, side))
            x = lrelu(self.convs[stage](x, w, side))
            with no_autocast(x.device):  # images have more levels than bfloat16 between two powers of two
                new = self.to_rgb[stage](x.float(), w.float(), side)
                image = new if image is None else doubled(image, side) + new
        assert image is not None
        return image


class DownStage(nn.Module):
    """Two convolutions, the second halving the side; with a residual path over the two where asked for.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        residual: Whether a 1x1 convolution of the halved input is added; both are then divided by sqrt 2.
    """

    def __init__(self, inputs: int, outputs: int, *, residual: bool) -> None:
        super().__init__()
        self.conv = EqualConv(inputs, inputs, 3)
        self.down = EqualConv(inputs, outputs, 3)
        self.skip = EqualConv(inputs, outputs, 1, bias=False) if residual else None

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, inputs, side, side)` to `(n, outputs, ...)` of half the side, rounded up."""
        h = lrelu(self.conv(x))
        blurred = blur(h, (2, 2 + h.shape[2] % 2))
        h = lrelu(F.conv2d(blurred, self.down.effective_weight, self.down.bias, stride=2))
        return h if self.skip is None else (h + self.skip(halved(x))) / math.sqrt(2)


class StyleDiscriminator(nn.Module):
    """From RGB, a `DownStage` a halving, minibatch deviation, a convolution, dense, score.

    Args:
        data: Shape of the images.
        width: Channels of sides up to `full_side` pixels.
        full_side: As of the generator.
        group: Samples of a group of the minibatch deviation.
        residual: Whether stages have residual paths.
        classes: Number of classes that the scores are of, 0 for none.
    """

    def __init__(
        self, data: DataShape, width: int, *, full_side: int = 32, group: int, residual: bool, classes: int = 0
    ) -> None:
        super().__init__()
        sides = halvings(image_side(data))
        widths = [channels_of(side, width, full_side) for side in sides]
        self.group = group
        self.from_rgb = EqualConv(data.channels, widths[0], 1)
        self.stages = nn.Sequential(*(DownStage(*pair, residual=residual) for pair in pairwise(widths)))
        self.conv = EqualConv(widths[-1] + 1, widths[-1], 3)
        self.dense = EqualLinear(widths[-1] * sides[-1] ** 2, widths[-1])
        self.head = ProjectedScore(widths[-1], classes)

    def forward(self, x: Tensor, *labels: Tensor) -> Tensor:
        """Map images `(n, c, h, w)`, and classes `(n,)` where conditional, to logits `(n, 1)`."""
        h = minibatch_deviation(self.stages(lrelu(self.from_rgb(x))), self.group)
        h = lrelu(self.dense(lrelu(self.conv(h)).flatten(1)))
        with no_autocast(h.device):
            logits: Tensor = self.head(h.float(), *labels)
            return logits
