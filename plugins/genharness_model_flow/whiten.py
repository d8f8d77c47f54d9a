"""Which images begin whitened, and by what."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genharness import ConfigError, DataShape
from genharness_model_flow.configs import FlowConfig
from genharness_model_flow.covariance import MOST_DIMENSIONS, CovarianceNorm
from genharness_model_flow.frequency import FrequencyNorm
from genharness_model_flow.invertible import Invertible

__all__ = ["are_photographs", "whitening"]

MOST_EXTREME = 0.25
"""Share of black and white values up to which pictures are photographs: of digits on paper they are a half and more."""


def whitening(data: DataShape, config: FlowConfig) -> list[Invertible]:
    """Return the norm that the options ask for of images, in a list, or an empty one.

    Raises:
        ConfigError: If photographs are asked for by frequency: only the covariance is of data that was looked at.
    """
    if config.whiten == "photographs" and config.whiten_by == "frequency":
        raise ConfigError("whiten=photographs looks at the data, as only whiten_by=covariance does: set that as well")
    in_colour = data.channels > 1
    if config.whiten == "never" or (config.whiten == "colour" and not in_colour):
        return []
    if config.whiten_by == "covariance" and math.prod(data.shape) <= MOST_DIMENSIONS:
        return [CovarianceNorm(data.shape)]
    return [FrequencyNorm(data.shape)] if in_colour or config.whiten == "always" else []


def are_photographs(x: Tensor) -> bool:
    """Return whether few values of images `(n, c, h, w)` in [-1, 1] stand at an end.

    Strokes on paper are no Gaussian, and a flow that begins as one draws them worse than one that does not.
    """
    return bool(torch.count_nonzero(x.abs() >= 1) < MOST_EXTREME * x.numel())
