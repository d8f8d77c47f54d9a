"""`gan` as it is listed: the game of `gan.py` between perceptrons, which are for tables as well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from genharness.spec.plugins import DataShape
from genharness_model_gan.gan import GAN

__all__ = ["MLPGAN"]


class MLPGAN(GAN):
    """The original two-player game between multilayer perceptrons, for images and tables.

    Args:
        data: What the samples look like.
        config: The options; `diffaugment`, which its quick recipe sets, is of images and means nothing for a table.
    """

    def __init__(self, data: DataShape, config: Any) -> None:
        super().__init__(data, config if data.modality == "image" else replace(config, diffaugment=()))
