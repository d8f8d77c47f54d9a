"""How classes enter the two players: batch norm of the generator's features, and the last layer of the other's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["ConditionalBatchNorm2d", "ScoreHead", "with_classes"]


class ConditionalBatchNorm2d(nn.Module):
    """Batch norm whose gain and bias belong to the class (Dumoulin et al. 2017, de Vries et al. 2017).

    Args:
        channels: Channels of the features.
        classes: Number of classes.
    """

    def __init__(self, channels: int, *, classes: int) -> None:
        super().__init__()
        self.normalise = nn.BatchNorm2d(channels, affine=False)
        self.gain = nn.Embedding(classes, channels)
        self.bias = nn.Embedding(classes, channels)
        nn.init.ones_(self.gain.weight)
        nn.init.zeros_(self.bias.weight)

    def forward(self, h: Tensor, labels: Tensor) -> Tensor:
        """Return features `(n, channels, height, width)` for classes `(n,)`."""
        gain, bias = self.gain(labels)[:, :, None, None], self.bias(labels)[:, :, None, None]
        y: Tensor = torch.addcmul(bias, gain, self.normalise(h))
        return y


class ScoreHead(nn.Linear):
    """w h + b, and with classes + <embed(y), h> (Miyato and Koyama 2018, arXiv:1802.05637, equation 3).

    Args:
        features: Length of h.
        outputs: Numbers returned, each of which the projection is added to.
        classes: Number of classes, 0 for none.
    """

    def __init__(self, features: int, outputs: int = 1, *, classes: int = 0) -> None:
        super().__init__(features, outputs)
        self.embed = nn.Embedding(classes, features) if classes else None
        if self.embed is not None:
            nn.init.xavier_uniform_(self.embed.weight)

    def forward(self, input: Tensor, *labels: Tensor) -> Tensor:  # noqa: A002 -- the name of nn.Linear
        """Map features `(n, features)`, and classes `(n,)` where it has them, to `(n, outputs)`."""
        scores = super().forward(input)
        if self.embed is None:
            return scores
        projection: Tensor = (self.embed(labels[0]) * input).sum(1, keepdim=True)
        return scores + projection


def with_classes(z: Tensor, classes: int, *labels: Tensor) -> Tensor:
    """Return z `(n, latent)`, behind it the class as 0 and 1 `(n, latent + classes)` where there is one."""
    return torch.cat((z, F.one_hot(labels[0], classes).to(z.dtype)), dim=1) if labels else z
