"""Classes that a model may learn: whether the data has them, and training that does without a share of the labels."""

from __future__ import annotations

import torch
from torch import Tensor

from genharness.errors import ConfigError
from genharness.spec.plugins import DataShape

__all__ = ["learnt_classes", "withheld"]


def learnt_classes(data: DataShape, *, conditional: bool) -> int:
    """Return the number of classes that a model with an option `conditional` learns, 0 where it is off.

    Raises:
        ConfigError: If classes are to be learnt and the data has no two of them.
    """
    if not conditional:
        return 0
    if data.classes < 2:
        raise ConfigError(f"conditional=true needs labels of at least two classes, and the data has {data.classes}")
    return data.classes


def withheld(labels: Tensor | None, share: float, classes: int) -> Tensor | None:
    """Return labels `(n,)` of which a share, at random, is `classes`, for none: the model learns to do without.

    Args:
        labels: Classes from 0 to `classes - 1`, or None for a batch without.
        share: How many labels are withheld on average, in [0, 1].
        classes: Number of classes that the model learns, 0 for none.

    Returns:
        None where there are no labels or no classes.
    """
    if labels is None or classes == 0:
        return None
    return labels.masked_fill(torch.rand(labels.shape, device=labels.device) < share, classes)
