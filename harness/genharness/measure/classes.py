"""Which classes samples fall in, as the dataset's classifier sees them: counts for the record."""

from __future__ import annotations

import numpy as np

from genharness.kit.evaluation import SampleSet
from genharness.measure.evaluation import SampleEvaluation

__all__ = ["MOST_CLASSES", "class_counts", "confusion"]

MOST_CLASSES = 100
"""Classes of which a record holds a confusion: ten thousand counts."""


def class_counts(evaluation: SampleEvaluation) -> dict[str, list[int]]:
    """Return how many samples are recognised as each class: `real` and `generated`.

    Empty where no metric asked the classifier: nothing is extracted for this.
    """
    sets: dict[str, SampleSet] = {"real": "real", "generated": "fake"}
    found = {}
    for name, which in sets.items():
        seen = evaluation.recognised(which)
        if seen is not None:
            found[name] = np.bincount(seen, minlength=_classes(evaluation)).tolist()
    return found


def confusion(evaluation: SampleEvaluation) -> list[list[int]]:
    """Return how many samples of each class asked (a row) are recognised as each class (a column).

    Empty where no classes were asked for, no metric asked the classifier, or there are more than `MOST_CLASSES`.
    """
    asked, seen, count = evaluation.labels("fake"), evaluation.recognised("fake"), _classes(evaluation)
    if asked is None or seen is None or not 2 <= count <= MOST_CLASSES:
        return []
    table = np.zeros((count, count), np.int64)
    np.add.at(table, (asked, seen), 1)
    return table.tolist()


def _classes(evaluation: SampleEvaluation) -> int:
    """Return how many classes the classifier tells apart; only asked where it was used."""
    if evaluation.classifier is None or evaluation.recognised("fake") is None:
        return 0
    logits = evaluation.extracted("fake", evaluation.classifier).logits
    return 0 if logits is None else logits.shape[1]
