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
        width: Channels of the first block.
        features: Width of the penultimate layer.
    """

    def __init__(self, data: DataShape, width: int, features: int) -> None:
        super().__init__()
        self.body = _conv_body(data, width) if data.modality == "image" else _dense_body(data, 4 * width)
        with torch.no_grad():
            wide = self.body.eval()(torch.zeros(1, *data.shape)).shape[1]
        self.embed = nn.Sequential(nn.Linear(wide, features), nn.ReLU())
        self.head = nn.Linear(features, data.classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return features `(n, d)` and logits `(n, classes)` of `x` `(n, ...)`."""
        features = self.embed(self.body(x))
        return features, self.head(features)


def _conv_body(data: DataShape, width: int) -> nn.Sequential:
    """Halve the image until it is about 4 pixels wide; channels double once, after the first block."""
    layers: list[nn.Module] = []
    channels, size, outputs = data.channels, min(data.height, data.width), width
    while size > 4 or not layers:
        layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if size > 1 else []
        channels, size, outputs = outputs, size // 2, 2 * width
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))


def _dense_body(data: DataShape, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(data.columns, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
