"""A small network whose penultimate layer is the features: convolutional for images, dense for tables."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genharness import DataShape

__all__ = ["Classifier"]


class Classifier(nn.Module):
    """Gives features and logits.

    Args:
        data: What the samples look like.
        width: Channels of the first block for grey images; colour images get twice as many.
        features: Width of the penultimate layer.
    """

    def __init__(self, data: DataShape, width: int, features: int) -> None:
        super().__init__()
        self.body = _conv_body(data, width) if data.modality == "image" else _dense_body(data, 8 * width)
        with torch.no_grad():
            wide = self.body.eval()(torch.zeros(1, *data.shape)).shape[1]
        self.embed = nn.Sequential(nn.Linear(wide, features), nn.ReLU())
        self.head = nn.Linear(features, data.classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return features `(n, d)` and logits `(n, classes)` of `x` `(n, ...)`."""
        features = self.embed(self.body(x))
        return features, self.head(features)


def _conv_body(data: DataShape, width: int) -> nn.Sequential:
    """Halve the image until it is about 4 pixels wide; channels double once, after the first block.

    Pooling before normalisation leaves it, and the activation, a quarter of the work.
    """
    layers: list[nn.Module] = []
    wide = width * (2 if data.channels == 3 else 1)
    channels, size, outputs = data.channels, min(data.height, data.width), wide
    while size > 4 or not layers:
        layers.append(nn.Conv2d(channels, outputs, 3, padding=1, bias=False))
        layers += [nn.MaxPool2d(2)] if size > 1 else []
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
        channels, size, outputs = outputs, size // 2, 2 * wide
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))


def _dense_body(data: DataShape, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(data.columns, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
