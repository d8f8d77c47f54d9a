"""InceptionV3 as FID knows it: the graph that Google published on 2015-12-05, for inference only.

The architecture is that of Szegedy et al. 2015 (arXiv 1512.00567). Where the published graph differs from the
paper, scores depend on it: 1008 classes, averages that do not count padding, and a maximum in the place of
the average in the last block. Every batch norm is folded into its convolution, and memory is channels-last.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genharness import DataError

__all__ = ["CLASSES", "FEATURES", "SIDE", "SPATIAL_CHANNELS", "InceptionNetwork", "fold", "load_network"]

SIDE = 299
"""Side of the images that the network reads, in pixels."""
FEATURES = 2048
CLASSES = 1008
SPATIAL_CHANNELS = 7
_TAPPED = "Mixed_6d"
_BATCH_NORM_EPS = 1e-3


class _Conv(nn.Conv2d):
    """A convolution with its batch norm folded in, then ReLU.

    Args:
        key: Its name within its block in the state dict.
        inputs: Input channels.
        outputs: Output channels.
        kernel: Height and width.
        stride: Step of both axes.
        same: Whether zeros are put around the input so that a stride of 1 keeps the size.
    """

    def __init__(
        self, key: str, inputs: int, outputs: int, kernel: tuple[int, int] = (1, 1), stride: int = 1, same: bool = True
    ) -> None:
        padding = (kernel[0] // 2, kernel[1] // 2) if same else (0, 0)
        super().__init__(inputs, outputs, kernel, stride, padding)
        self.key = key

    def forward(self, x: Tensor) -> Tensor:
        return F.relu_(super().forward(x))


class _Parallel(nn.Module):
    """Branches that read the same input; their outputs are concatenated."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


def _average() -> nn.Module:
    return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)


def _halve() -> nn.Module:
    return nn.MaxPool2d(3, stride=2)


def _mixed_35(inputs: int, pooled: int) -> nn.Module:
    """(inputs, 35, 35) -> (224 + pooled, 35, 35)."""
    return _Parallel(
        _Conv("branch1x1", inputs, 64),
        nn.Sequential(_Conv("branch5x5_1", inputs, 48), _Conv("branch5x5_2", 48, 64, (5, 5))),
        nn.Sequential(
            _Conv("branch3x3dbl_1", inputs, 64),
            _Conv("branch3x3dbl_2", 64, 96, (3, 3)),
            _Conv("branch3x3dbl_3", 96, 96, (3, 3)),
        ),
        nn.Sequential(_average(), _Conv("branch_pool", inputs, pooled)),
    )


def _reduce_to_17() -> nn.Module:
    """(288, 35, 35) -> (768, 17, 17)."""
    return _Parallel(
        _Conv("branch3x3", 288, 384, (3, 3), stride=2, same=False),
        nn.Sequential(
            _Conv("branch3x3dbl_1", 288, 64),
            _Conv("branch3x3dbl_2", 64, 96, (3, 3)),
            _Conv("branch3x3dbl_3", 96, 96, (3, 3), stride=2, same=False),
        ),
        _halve(),
    )


def _mixed_17(inner: int) -> nn.Module:
    """(768, 17, 17) -> (768, 17, 17), 7x7 kernels as pairs of 1x7 and 7x1."""
    across, down = (1, 7), (7, 1)
    return _Parallel(
        _Conv("branch1x1", 768, 192),
        nn.Sequential(
            _Conv("branch7x7_1", 768, inner),
            _Conv("branch7x7_2", inner, inner, across),
            _Conv("branch7x7_3", inner, 192, down),
        ),
        nn.Sequential(
            _Conv("branch7x7dbl_1", 768, inner),
            _Conv("branch7x7dbl_2", inner, inner, down),
            _Conv("branch7x7dbl_3", inner, inner, across),
            _Conv("branch7x7dbl_4", inner, inner, down),
            _Conv("branch7x7dbl_5", inner, 192, across),
        ),
        nn.Sequential(_average(), _Conv("branch_pool", 768, 192)),
    )


def _reduce_to_8() -> nn.Module:
    """(768, 17, 17) -> (1280, 8, 8)."""
    return _Parallel(
        nn.Sequential(
            _Conv("branch3x3_1", 768, 192),
            _Conv("branch3x3_2", 192, 320, (3, 3), stride=2, same=False),
        ),
        nn.Sequential(
            _Conv("branch7x7x3_1", 768, 192),
            _Conv("branch7x7x3_2", 192, 192, (1, 7)),
            _Conv("branch7x7x3_3", 192, 192, (7, 1)),
            _Conv("branch7x7x3_4", 192, 192, (3, 3), stride=2, same=False),
        ),
        _halve(),
    )


def _mixed_8(inputs: int, pooling: nn.Module) -> nn.Module:
    """(inputs, 8, 8) -> (2048, 8, 8), with branches that fork."""
    return _Parallel(
        _Conv("branch1x1", inputs, 320),
        nn.Sequential(_Conv("branch3x3_1", inputs, 384), _fork("branch3x3_2")),
        nn.Sequential(
            _Conv("branch3x3dbl_1", inputs, 448),
            _Conv("branch3x3dbl_2", 448, 384, (3, 3)),
            _fork("branch3x3dbl_3"),
        ),
        nn.Sequential(pooling, _Conv("branch_pool", inputs, 192)),
    )


def _fork(key: str) -> nn.Module:
    return _Parallel(_Conv(f"{key}a", 384, 384, (1, 3)), _Conv(f"{key}b", 384, 384, (3, 1)))


def _blocks() -> OrderedDict[str, nn.Module]:
    """Return the blocks under the names that they have in the state dict."""
    return OrderedDict(
        Conv2d_1a_3x3=_Conv("", 3, 32, (3, 3), stride=2, same=False),  # (32, 149, 149)
        Conv2d_2a_3x3=_Conv("", 32, 32, (3, 3), same=False),  # (32, 147, 147)
        Conv2d_2b_3x3=_Conv("", 32, 64, (3, 3)),
        MaxPool_1=_halve(),  # (64, 73, 73)
        Conv2d_3b_1x1=_Conv("", 64, 80),
        Conv2d_4a_3x3=_Conv("", 80, 192, (3, 3), same=False),  # (192, 71, 71)
        MaxPool_2=_halve(),  # (192, 35, 35)
        Mixed_5b=_mixed_35(192, pooled=32),  # (256, 35, 35)
        Mixed_5c=_mixed_35(256, pooled=64),  # (288, 35, 35)
        Mixed_5d=_mixed_35(288, pooled=64),
        Mixed_6a=_reduce_to_17(),  # (768, 17, 17)
        Mixed_6b=_mixed_17(128),
        Mixed_6c=_mixed_17(160),
        Mixed_6d=_mixed_17(160),
        Mixed_6e=_mixed_17(192),
        Mixed_7a=_reduce_to_8(),  # (1280, 8, 8)
        Mixed_7b=_mixed_8(1280, _average()),  # (2048, 8, 8)
        Mixed_7c=_mixed_8(2048, nn.MaxPool2d(3, stride=1, padding=1)),
    )


class InceptionNetwork(nn.Module):
    """The network: 299-pixel images in; 2048 pooled features and 1008 class logits out."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(_blocks())
        self.fc = nn.Linear(FEATURES, CLASSES)

    def pool(self, images: Tensor) -> Tensor:
        """Return the pooled features `(n, 2048)`, all >= 0.

        Args:
            images: `(n, 3, 299, 299)` float32 in [0, 255], on the network's device.

        Raises:
            ValueError: If the images have another shape.
        """
        _check(images)
        x = (images - 128) / 128  # (n, 3, 299, 299) in [-1, 1)
        maps: Tensor = self.blocks(x.contiguous(memory_format=torch.channels_last))  # (n, 2048, 8, 8)
        return maps.mean(dim=(2, 3))

    def spatial(self, images: Tensor) -> Tensor:
        """Return the features that sFID compares `(n, 2023)`: the first 7 channels of a 17 x 17 map, all >= 0.

        They are the output of the tensor `mixed_6/conv` of the published graph, here the first branch of Mixed_6d, as
        OpenAI's evaluation of diffusion models takes it. Only what leads there is computed, three fifths of the
        network.

        Args:
            images: As for `pool`.
        """
        _check(images)
        x = ((images - 128) / 128).contiguous(memory_format=torch.channels_last)
        for name, block in self.blocks.named_children():
            if name == _TAPPED:
                first = next(iter(block.branches))  # type: ignore[arg-type]  # a list of modules, though nn says Module
                return first(x)[:, :SPATIAL_CHANNELS].flatten(1)  # type: ignore[no-any-return]  # (n, 7, 17, 17)
            x = block(x)
        raise AssertionError(f"the network has no block {_TAPPED}")

    def logits(self, pooled: Tensor, *, unbiased: bool = False) -> Tensor:
        """Return class logits `(n, 1008)` of pooled features `(n, 2048)`.

        Args:
            pooled: What `pool` returned.
            unbiased: Leave the bias of the last layer out, as the published Inception Scores do.
        """
        return F.linear(pooled, self.fc.weight, None if unbiased else self.fc.bias)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return `(pooled features, logits)` of `(n, 3, 299, 299)` float32 images in [0, 255].

        Raises:
            ValueError: If the images have another shape.
        """
        pooled = self.pool(images)
        return pooled, self.logits(pooled)


def _check(images: Tensor) -> None:
    if images.shape[1:] != (3, SIDE, SIDE):
        raise ValueError(f"images must be (n, 3, {SIDE}, {SIDE}), not {tuple(images.shape)}")


def load_network(path: Path) -> InceptionNetwork:
    """Return the network with the weights of a state dict file, ready for inference on the CPU.

    Args:
        path: `pt_inception-2015-12-05-6726825d.pth` or a file of that layout; only tensors are unpickled.

    Raises:
        DataError: If it is no such state dict.
    """
    try:
        return fold(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, UnpicklingError, LookupError, TypeError, ValueError, EOFError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        told = f"{path} holds no Inception 2015-12-05 weights ({reason})"
        raise DataError(f"{told}: pass the right file as --weights") from error


def fold(state: Mapping[str, Tensor]) -> InceptionNetwork:
    """Return the network with the weights of a state dict, batch norms folded into convolutions.

    Raises:
        KeyError: If a weight is missing.
        RuntimeError: If a weight has another shape.
    """
    with torch.device("meta"):  # neither memory nor random numbers are spent on weights that are replaced
        network = InceptionNetwork()
    network.to_empty(device="cpu")
    with torch.no_grad():
        for name, block in network.blocks.named_children():
            for module in block.modules():
                if isinstance(module, _Conv):
                    _fold_layer(module, state, f"{name}.{module.key}".rstrip("."))
        network.fc.weight.copy_(state["fc.weight"])
        network.fc.bias.copy_(state["fc.bias"])
    return network.requires_grad_(False).eval().to(memory_format=torch.channels_last)


def _fold_layer(layer: _Conv, state: Mapping[str, Tensor], path: str) -> None:
    """Make conv(x) equal gamma (conv(x) - mean) / sqrt(var + eps) + beta, worked out in float64."""
    weight = state[f"{path}.conv.weight"].double()
    norm = {name: state[f"{path}.bn.{name}"].double() for name in ("weight", "bias", "running_mean", "running_var")}
    scale = norm["weight"] / torch.sqrt(norm["running_var"] + _BATCH_NORM_EPS)
    assert layer.bias is not None  # every layer is built with one
    layer.weight.copy_(weight * scale[:, None, None, None])
    layer.bias.copy_(norm["bias"] - norm["running_mean"] * scale)
