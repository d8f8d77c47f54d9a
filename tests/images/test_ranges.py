"""Black and white of arrays that are seen piece by piece."""

import numpy as np
import pytest

from genharness import DataError
from genharness.images import as_uint8
from genharness.images.ranges import Values

RANDOM = np.random.RandomState(0)


def in_pieces(images, size):
    parts = [Values.of(images[start : start + size], "here", start) for start in range(0, len(images), size)]
    return Values.of_all(parts).scaling("here")


@pytest.mark.parametrize(
    "images",
    [
        RANDOM.rand(9, 1, 4, 4).astype(np.float32),
        RANDOM.rand(9, 1, 4, 4) * 2 - 1,
        RANDOM.rand(9, 1, 4, 4) * 255,
        RANDOM.randint(0, 4096, (9, 3, 4, 4)).astype(np.uint16),
        RANDOM.randint(0, 256, (9, 3, 4, 4)),
        RANDOM.randint(0, 256, (9, 3, 4, 4)).astype(np.uint8),
    ],
    ids=["0 to 1", "-1 to 1", "0 to 255", "12 bits", "int", "uint8"],
)
@pytest.mark.parametrize("size", [1, 4, 9])
def test_pieces_are_scaled_as_the_whole_is(images, size):
    scaling, (whole, note) = in_pieces(images, size), as_uint8(images, "here")
    np.testing.assert_array_equal(np.concatenate([scaling.taken(one[None]) for one in images]), whole)
    assert scaling.note == note


def test_two_ranges_are_refused_though_each_piece_has_one():
    images = np.concatenate([RANDOM.rand(4, 1, 4, 4) * 255, RANDOM.rand(4, 1, 4, 4)])
    with pytest.raises(DataError, match=r"4 images that end at 1 or below \(first image 4\): two ranges"):
        in_pieces(images, 4)


def test_an_image_that_is_not_finite_is_named_by_its_place_in_the_whole():
    images = np.zeros((6, 1, 4, 4))
    images[5, 0, 1, 1] = np.nan
    with pytest.raises(DataError, match="first in image 5"):
        in_pieces(images, 2)
