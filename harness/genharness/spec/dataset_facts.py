"""What planning must know of a dataset, whether or not it is prepared yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from genharness.spec.plugins import DataShape

__all__ = ["DatasetFacts"]


@dataclass(frozen=True, kw_only=True)
class DatasetFacts:
    """What planning must know of a dataset.

    Attributes:
        reference: Canonical reference.
        spec_name: Name of the dataset plugin.
        shape: Shape of the samples.
        counts: Samples of each split.
        class_names: Classes, empty for unlabelled data.
        content_hash: Hash of the prepared arrays, or empty before they are prepared.
        notes: What a user should know of how they were prepared, a line each.
    """

    reference: str
    spec_name: str
    shape: DataShape
    counts: Mapping[str, int]
    class_names: tuple[str, ...]
    content_hash: str = ""
    notes: tuple[str, ...] = ()

    @property
    def labelled(self) -> bool:
        """Whether there are at least two classes."""
        return self.shape.classes >= 2
