"""Evaluations over rows that are their own features."""

from __future__ import annotations

import numpy as np
import torch

from genharness import NoOptions
from genharness.kit import Extracted, Extractor, ExtractorContext
from genharness.measure.evaluation import SampleData, SampleEvaluation
from genharness.spec.protocol import Protocol

__all__ = ["row_evaluation"]


class _Rows(Extractor):
    identity = "rows"

    def extract(self, samples):
        return Extracted(np.asarray(samples, np.float32).reshape(len(samples), -1))


def row_evaluation(*, labels=None, seed=0, errors_wanted=True, protocol=None, **sets):
    """Return the evaluation over `real`, `fake` and other sets of rows `(n, d)`, and their labels by set."""
    labels = labels or {}
    return SampleEvaluation(
        {name: SampleData(rows, labels.get(name), {"set": name}) for name, rows in sets.items()},
        Protocol(extractor="rows", sample_count=len(sets["fake"]), seed=seed, **(protocol or {})),
        lambda name: _Rows(ExtractorContext(device=torch.device("cpu")), NoOptions()),
        errors_wanted=errors_wanted,
    )
