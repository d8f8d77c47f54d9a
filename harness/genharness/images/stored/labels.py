"""Labels that come piece by piece: whole numbers as they are, words as places among all, which name the classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError
from genharness.images.tensors import SIGNS, as_labels

__all__ = ["LabelBook"]

_MOST_DIFFERENT = 1_000_000


class LabelBook:
    """The labels of one set and its splits, each different one kept once.

    Args:
        where: What to call the set in messages.
        class_names: Names in label order where the set knows them.
    """

    def __init__(self, where: str, class_names: tuple[str, ...] = ()) -> None:
        self._where, self._known = where, class_names
        self._places: dict[Any, int] = {}
        self._parts: dict[str, list[NDArray[np.int64]]] = {}
        self._unlabelled: dict[str, int] = {}

    def add(self, split: str, labels: Sequence[Any] | NDArray[Any] | None, names: Sequence[str]) -> None:
        """Add the labels of a piece.

        Args:
            split: Where it belongs.
            labels: One each, or None.
            names: Of the samples.

        Raises:
            DataError: If some samples of the piece have no label.
        """
        count = len(names)
        parts = self._parts.setdefault(split, [])
        if labels is None:
            self._unlabelled[split] = self._unlabelled.get(split, 0) + count
            return
        plain: list[Any] = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
        missing = next((name for name, label in zip(names, plain, strict=True) if label is None), None)
        if missing is not None:
            raise DataError(f"{self._where}: {missing} has no label, and others have: label all, or none")
        places = self._places
        parts.append(np.array([places.setdefault(label, len(places)) for label in plain], np.int64))
        if len(places) > _MOST_DIFFERENT:
            raise DataError(f"{self._where}: more than {_MOST_DIFFERENT:,} different labels are no classes")

    def finish(self) -> tuple[dict[str, NDArray[np.int64] | None], tuple[str, ...]]:
        """Return the labels of each split, None where there are none, and the names of the classes.

        Names are empty where labels are numbers and the set knows no names.

        Raises:
            DataError: If labels are no whole numbers from 0, or only some samples have one.
        """
        if not self._places:
            return dict.fromkeys(self._parts), ()
        if self._unlabelled:
            some = next(iter(self._unlabelled))
            raise DataError(f"{self._where}: {self._unlabelled[some]:,} samples have no label, and others have")
        codes, names = self._codes()
        return {split: codes[np.concatenate(parts)] for split, parts in self._parts.items()}, names

    def _codes(self) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Return the class of each place, and the names of the classes."""
        different = list(self._places)
        if not self._known and {*different} == {-1, 1}:
            return np.array([int(label > 0) for label in different], np.int64), SIGNS
        if all(isinstance(label, int | float) for label in different):
            codes = as_labels(np.array(different, np.float64), len(different), f"{self._where}: labels")
            if self._known and codes.max() >= len(self._known):
                raise DataError(f"{self._where}: label {codes.max()} is none of the {len(self._known)} classes, from 0")
            return codes, self._known
        words = [str(label) for label in different]
        names = self._known if set(words) <= set(self._known) else tuple(sorted(set(words)))
        index = {name: place for place, name in enumerate(names)}
        return np.array([index[word] for word in words], np.int64), names
