"""Counts of classes: of what the classifier saw, and only where it was asked."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from genharness.measure.classes import MOST_CLASSES, class_counts, confusion


def evaluation(real, fake, asked=None, classes=3):
    seen = {"real": real, "fake": fake}
    return SimpleNamespace(
        classifier="classifier",
        recognised=lambda which: None if seen[which] is None else np.array(seen[which]),
        labels=lambda which: None if asked is None else np.array(asked),
        extracted=lambda which, name: SimpleNamespace(logits=np.zeros((1, classes))),
    )


def test_counts_are_those_of_each_set():
    found = class_counts(evaluation([0, 0, 2], [1, 1, 1, 2]))
    assert found == {"real": [2, 0, 1], "generated": [0, 3, 1]}


def test_a_row_is_the_class_asked_for():
    found = confusion(evaluation([0], [0, 1, 1, 2], asked=[0, 0, 1, 2]))
    assert found == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    "one",
    [
        evaluation(None, None, asked=[0]),  # nobody asked the classifier
        evaluation([0], [0]),  # no class was asked for
        evaluation([0], [0], asked=[0], classes=MOST_CLASSES + 1),
    ],
)
def test_there_is_none_where_there_is_nothing_to_count(one):
    assert confusion(one) == []


def test_the_counts_are_those_of_an_independent_library():
    rng = np.random.default_rng(0)
    asked, seen = rng.integers(0, 7, (2, 500))
    found = confusion(evaluation([0], seen, asked=asked, classes=7))
    assert found == confusion_matrix(asked, seen, labels=range(7)).tolist()
