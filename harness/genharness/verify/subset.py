"""A smaller evaluation: some rows of every set, for what all rows are too many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.kit.evaluation import SampleSet
from genharness.kit.extractor import Extracted
from genharness.measure.evaluation import SampleData, SampleEvaluation

__all__ = ["Subset"]


class Subset(SampleEvaluation):
    """An evaluation of rows drawn from every set by the protocol's seed, with the features that they have there.

    Args:
        whole: What is drawn from.
        most: Rows of a set, at most.
    """

    def __init__(self, whole: SampleEvaluation, most: int) -> None:
        super().__init__(
            {},
            whole.protocol,
            whole.built_extractor,
            classifier=whole.classifier,
            class_names=whole.class_names,
            device=whole.device,
            errors_wanted=False,
        )
        self._whole, self._most = whole, most

    def _rows(self, which: SampleSet) -> NDArray[np.int64]:
        size = len(self._whole.samples(which))
        if size <= self._most:
            return np.arange(size)
        return np.sort(np.random.default_rng([self.seed, 83]).choice(size, self._most, replace=False))

    def _set(self, which: SampleSet) -> SampleData:
        if which not in self._sets:
            rows, labels = self._rows(which), self._whole.labels(which)
            self._sets[which] = SampleData(
                self._whole.samples(which)[rows], None if labels is None else labels[rows], {}
            )
        return self._sets[which]

    def _load_or_extract(self, which: SampleSet, name: str) -> Extracted:
        whole, rows = self._whole.extracted(which, name), self._rows(which)
        return Extracted(whole.features[rows], None if whole.logits is None else whole.logits[rows])

    def _load_or_derive(
        self, what: str, sets: tuple[SampleSet, ...], compute: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> Mapping[str, NDArray[Any]]:
        return compute()
