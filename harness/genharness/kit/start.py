"""A model that looks at its data before it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = ["StartsFromData"]


@runtime_checkable
class StartsFromData(Protocol):
    """Looks at the whole data once, before the first training step: statistics to whiten by, centres to begin at.

    `FitsData` is its counterpart after the last step.
    """

    def start_from(self, data: PreparedData) -> None:
        """Set parameters and buffers from `data.samples("train")`, as `FitsData.fit` does.

        It is not called when a training goes on: a checkpoint holds what was set. The time counts as training.
        """
