"""Which norm images begin with."""

from __future__ import annotations

import math

from genharness import DataShape
from genharness_model_flow.configs import FlowConfig
from genharness_model_flow.covariance import MOST_DIMENSIONS, CovarianceNorm
from genharness_model_flow.frequency import FrequencyNorm
from genharness_model_flow.invertible import Invertible

__all__ = ["whitening"]


def whitening(data: DataShape, config: FlowConfig) -> list[Invertible]:
    """Return the norm that the options ask for of images, in a list, or an empty one."""
    if not (config.whiten == "always" or (config.whiten == "colour" and data.channels > 1)):
        return []
    if config.whiten_by == "covariance" and math.prod(data.shape) <= MOST_DIMENSIONS:
        return [CovarianceNorm(data.shape)]
    return [FrequencyNorm(data.shape)]
