"""What a set is, seen in one pass."""

import numpy as np
import pytest

from genharness import DataError
from genharness.images.stored.labels import LabelBook
from genharness.images.stored.looking import decoded, look
from genharness.images.stored.pieces import Piece, StoredSet
from packed import encoded


def stored(kind, *pieces):
    names = iter(f"row {place}" for place in range(99))
    made = [Piece([next(names) for _ in samples], samples) for samples in pieces]
    return StoredSet("here", kind, lambda: iter(made))


def see(one):
    return look(one, "train", LabelBook("here"))


def test_pictures_are_known_by_their_headers():
    pictures = stored("pictures", [encoded(np.zeros((4, 5), np.uint8))] * 2, [encoded(np.zeros((6, 5, 3), np.uint8))])
    seen = see(pictures)
    assert (seen.count, seen.survey.sizes, seen.survey.channels) == (3, {(4, 5), (6, 5)}, 3)
    first = next(pictures.pieces())
    (batch,) = decoded(pictures, first, (3, 8, 8), white=65535, fit="pad")
    assert (batch.images.shape, batch.resized, batch.cropped) == ((2, 3, 8, 8), 2, 0)


def test_arrays_are_known_by_their_values():
    seen = see(stored("arrays", np.zeros((2, 4, 5, 3)), np.full((1, 4, 5, 3), 0.5)))
    assert (seen.count, seen.shape, seen.values.high) == (3, (3, 4, 5), 0.5)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (stored("rows"), "holds no samples"),
        (stored("rows", np.zeros((2, 3)), np.array([[1.0, np.nan, 2.0]])), "row 2 holds NaN or infinity"),
        (stored("arrays", np.zeros((2, 8, 8)), np.zeros((2, 8, 9))), "row 2 has shape"),
        (stored("pictures", [b"nonsense"]), r"row 0 \(it is no picture"),
    ],
)
def test_what_cannot_be_used_is_named(one, reason):
    with pytest.raises(DataError, match=reason):
        see(one)
