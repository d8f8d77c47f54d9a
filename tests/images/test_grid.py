"""Grids of samples."""

import numpy as np
import pytest
from PIL import Image

from genharness.images.grid import save_grid, tile


def images(n, channels=1, side=4):
    return np.arange(n, dtype=np.uint8)[:, None, None, None] * np.ones((1, channels, side, side), np.uint8)


def test_images_stand_row_by_row_with_a_white_gap_around_each():
    canvas = tile(images(5), columns=3)
    assert canvas.shape == (11, 16, 1)
    corners = [[int(canvas[top, left, 0]) for left in (1, 6, 11)] for top in (1, 6)]
    assert corners == [[0, 1, 2], [3, 4, 255]]
    assert (canvas[0] == 255).all()
    assert (canvas[:, 5] == 255).all()


def test_colours_keep_their_channels():
    red = np.zeros((1, 3, 2, 2), np.uint8)
    red[:, 0] = 255
    assert tile(red, 1, gap=0).tolist() == [[[255, 0, 0]] * 2] * 2


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_small_images_are_enlarged_by_a_whole_factor_without_a_new_colour(tmp_path, channels, mode):
    save_grid(tmp_path / "grid.png", images(4, channels), 2, least=64)
    with Image.open(tmp_path / "grid.png") as picture:
        assert (picture.size, picture.mode) == ((55, 55), mode)  # 11 pixels, 5 times
        assert set(np.unique(np.asarray(picture))) == {0, 1, 2, 3, 255}


def test_large_images_stay_as_they_are(tmp_path):
    save_grid(tmp_path / "grid.png", images(1, side=600), 1)
    with Image.open(tmp_path / "grid.png") as picture:
        assert picture.size == (602, 602)
