"""Tiles are cut out of pictures as they were put in."""

import numpy as np
import pytest
from PIL import Image

from genharness.figures.tiles import read_tiles, tile_size
from genharness.images.grid import save_grid


@pytest.mark.parametrize("side", [8, 16, 28, 32, 64, 96])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("count", "columns"), [(64, 8), (16, 8), (60, 10)])
def test_what_was_drawn_is_read_back(tmp_path, side, channels, count, columns):
    images = np.random.default_rng(side).integers(0, 256, (count, channels, side, side), dtype=np.uint8)
    save_grid(tmp_path / "grid.png", images, columns)
    found = read_tiles(tmp_path / "grid.png", columns)
    assert np.array_equal(found[:count], images.transpose(0, 2, 3, 1))


def test_what_is_no_grid_gives_none(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    Image.new("L", (100, 37)).save(tmp_path / "odd.png")
    Image.new("RGBA", (73, 73)).save(tmp_path / "mode.png")
    for name in ("text", "odd", "mode", "missing"):
        assert read_tiles(tmp_path / f"{name}.png", 8) is None


def test_no_two_sides_give_the_same_picture():
    for columns in (8, 10):
        for side in range(4, 300):
            plain = columns * (side + 1) + 1
            factor = max(1, 512 // plain)
            assert tile_size(factor * plain, factor * (side + 2), columns) == (factor, side, side)
