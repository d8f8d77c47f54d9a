"""Whitening by spatial frequency: what a flow of few steps cannot learn of an image's covariance."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from genharness_model_flow.invertible import BeginsWithData

__all__ = ["FrequencyNorm", "cosine_transform"]


class FrequencyNorm(BeginsWithData):
    """z = C' ((C x + bias) exp(log_scale)): act-norm of every frequency instead of every channel.

    C is the orthonormal discrete cosine transform over columns, rows and colours. Pixels next to each other are much
    alike, and a coupling learns only slowly that they are; of smooth signals the cosines are nearly the principal
    components (Ahmed, Natarajan and Rao 1974), whatever the images show. With each of them scaled to variance 1, the
    way back makes coloured noise of white noise before any coupling has learnt a thing. C' brings the scaled
    frequencies back to where they were in the image, so that couplings find neighbours to look at.

    Args:
        shape: `(c, h, w)` of the images.
    """

    columns: Tensor
    rows: Tensor
    colours: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        c, h, w = shape
        self.register_buffer("colours", cosine_transform(c), persistent=False)
        self.register_buffer("rows", cosine_transform(h), persistent=False)
        self.register_buffer("columns", cosine_transform(w), persistent=False)
        self.bias = nn.Parameter(torch.zeros(shape))
        self.log_scale = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, c, h, w)`; an image gains the sum of log_scale."""
        frequencies = self._cosines(x)
        if self.beginning:
            var, mean = torch.var_mean(frequencies, 0, correction=0)
            self.bias.copy_(-mean)
            self.log_scale.copy_(-0.5 * (var + 1e-6).log())
        scaled = (frequencies + self.bias) * self.log_scale.exp()
        return self._pixels(scaled), self.log_scale.sum().expand(len(x))

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, c, h, w)`."""
        return self._pixels(self._cosines(z) * (-self.log_scale).exp() - self.bias)

    def _cosines(self, x: Tensor) -> Tensor:
        return _along_colours(self.rows @ x @ self.columns.T, self.colours)

    def _pixels(self, frequencies: Tensor) -> Tensor:
        return _along_colours(self.rows.T @ frequencies @ self.columns, self.colours.T)


def _along_colours(x: Tensor, matrix: Tensor) -> Tensor:
    return x if len(matrix) == 1 else torch.einsum("kc,nchw->nkhw", matrix, x)


def cosine_transform(n: int) -> Tensor:
    """Return the orthonormal matrix `(n, n)` of the discrete cosine transform (DCT-II), a frequency a row."""
    frequency, place = torch.arange(n, dtype=torch.float64)[:, None], torch.arange(n, dtype=torch.float64)
    matrix = (math.pi / n * frequency * (place + 0.5)).cos() * math.sqrt(2 / n)
    matrix[0] /= math.sqrt(2)
    return matrix.float()
