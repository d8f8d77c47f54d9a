"""Labels that come piece by piece."""

import numpy as np
import pytest

from genharness import DataError
from genharness.images.stored.labels import LabelBook


def finish(*parts, known=()):
    book = LabelBook("here", known)
    for split, labels in parts:
        book.add(split, labels, [f"row {place}" for place in range(2)])
    return book.finish()


def test_numbers_stay_and_words_become_places_among_all():
    labels, names = finish(("train", np.array([3, 0])), ("test", [0, 1]))
    assert ({split: one.tolist() for split, one in labels.items()}, names) == ({"train": [3, 0], "test": [0, 1]}, ())
    labels, names = finish(("train", ["dog", "cat"]), ("test", ["ant", "dog"]))
    assert ({split: one.tolist() for split, one in labels.items()}, names) == (
        {"train": [2, 1], "test": [0, 2]},
        ("ant", "cat", "dog"),
    )


def test_the_names_that_a_set_knows_are_kept():
    assert finish(("train", [1, 0]), known=("cat", "dog"))[1] == ("cat", "dog")
    labels, names = finish(("train", ["dog", "dog"]), known=("cat", "dog", "eel"))
    assert (labels["train"].tolist(), names) == ([1, 1], ("cat", "dog", "eel"))


@pytest.mark.parametrize("labels", [[-1, 1], [-1.0, 1.0], np.array([-1, 1])])
def test_minus_one_and_one_are_two_classes(labels):
    found, names = finish(("train", labels), ("test", [1, 1]))
    assert (found["train"].tolist(), found["test"].tolist(), names) == ([0, 1], [1, 1], ("-1", "1"))


def test_numbers_among_words_are_words():
    assert finish(("train", [1, "b"]))[1] == ("1", "b")


def test_unlabelled_samples_have_none():
    assert finish(("train", None), ("test", None)) == ({"train": None, "test": None}, ())


@pytest.mark.parametrize(
    ("parts", "known", "reason"),
    [
        ([("train", [1, None])], (), "row 1 has no label, and others have"),
        ([("train", [1, 0]), ("train", None)], (), "2 samples have no label, and others have"),
        ([("train", [1, -1])], ("a", "b"), "whole numbers from 0"),
        ([("train", [-1, -1])], (), "whole numbers from 0"),
        ([("train", [1, -1]), ("test", [0, 1])], (), "whole numbers from 0"),
        ([("train", [1, 0.5])], (), "whole numbers from 0"),
        ([("train", [1, 2])], ("a", "b"), "label 2 is none of the 2 classes"),
    ],
)
def test_what_makes_no_sense_is_refused(parts, known, reason):
    with pytest.raises(DataError, match=reason):
        finish(*parts, known=known)
