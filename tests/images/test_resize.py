"""The one policy for images of another size."""

import numpy as np
import pytest
from PIL import Image

from genharness.images.resize import changes_of, conform, fit_image


def test_an_image_of_the_right_size_is_left_alone():
    image = Image.new("RGB", (8, 8), "red")
    assert fit_image(image, 8) is image


@pytest.mark.parametrize("size", [(16, 8), (8, 16), (40, 8)])
def test_only_the_centre_of_a_long_image_stays(size):
    image = Image.new("L", size, 0)
    wide = size[0] > size[1]
    centre = ((size[0] - 8) // 2, 0, (size[0] + 8) // 2, 8) if wide else (0, (size[1] - 8) // 2, 8, (size[1] + 8) // 2)
    image.paste(200, centre)
    assert np.asarray(fit_image(image, 8)).tolist() == [[200] * 8] * 8


def test_a_reduction_averages_and_does_not_alias():
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 254
    small = np.asarray(fit_image(Image.fromarray(stripes), 8)).astype(float)
    assert np.abs(small[1:-1, 1:-1] - 127).max() <= 3


def test_resampling_is_pillows_bicubic_of_the_whole_where_nothing_is_cropped():
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8))
    expected = np.asarray(image.resize((8, 8), Image.Resampling.BICUBIC))
    assert np.array_equal(np.asarray(fit_image(image, 8)), expected)


@pytest.mark.parametrize(
    ("shape", "size", "channels", "counts"),
    [
        ((3, 8, 8), 8, "rgb", (0, 0, 0)),
        ((3, 8, 8), None, None, (0, 0, 0)),
        ((3, 9, 8), 8, None, (0, 5, 0)),
        ((3, 16, 16), 8, None, (5, 0, 0)),
        ((1, 16, 20), 8, "rgb", (5, 5, 5)),
        ((3, 8, 8), None, "grey", (0, 0, 5)),
    ],
)
def test_every_kind_of_change_is_counted(shape, size, channels, counts):
    images = np.random.default_rng(0).integers(0, 256, (5, *shape), dtype=np.uint8)
    fitted, changes = conform(images, size, channels)
    assert tuple(changes[name] for name in ("resized", "cropped", "converted")) == counts
    side = size or shape[1]
    assert fitted.shape == (5, {"grey": 1, "rgb": 3, None: shape[0]}[channels], side, side)
    assert (fitted is images) == (counts == (0, 0, 0))


def test_grey_is_pillows_luma_and_a_grey_image_becomes_three_equal_channels():
    colours = np.random.default_rng(0).integers(0, 256, (1, 3, 4, 4), dtype=np.uint8)
    grey, _ = conform(colours, None, "grey")
    assert np.array_equal(grey[0, 0], np.asarray(Image.fromarray(colours[0].transpose(1, 2, 0)).convert("L")))
    again, _ = conform(grey, None, "rgb")
    assert np.array_equal(again[0], np.repeat(grey[0], 3, axis=0))


def test_a_padded_picture_lies_whole_in_the_middle_of_black():
    square = np.asarray(fit_image(Image.new("L", (8, 4), 200), 8, "pad"))
    assert square.tolist() == [[0] * 8] * 2 + [[200] * 8] * 4 + [[0] * 8] * 2
    assert fit_image(Image.new("L", (1000, 1), 200), 8, "pad").size == (8, 8)


def test_a_stretched_picture_keeps_all_four_corners():
    corners = np.zeros((4, 8), np.uint8)
    corners[:, :4] = 255
    stretched = np.asarray(fit_image(Image.fromarray(corners), 8, "stretch"))
    assert (stretched[0, 0], stretched[-1, 0], stretched[0, -1], stretched[-1, -1]) == (255, 255, 0, 0)


@pytest.mark.parametrize(
    ("fit", "size", "changes"),
    [
        (None, 4, (False, True)),
        ("crop", 8, (True, True)),
        ("pad", 8, (False, False)),
        ("pad", 4, (True, False)),
        ("stretch", 4, (True, False)),
    ],
)
def test_what_each_fit_does_to_a_picture_is_counted_as_it_is(fit, size, changes):
    assert changes_of(4, 8, size, fit) == changes
    fitted, counted = conform(np.full((2, 1, 4, 8), 9, np.uint8), size, None, fit)
    assert fitted.shape == (2, 1, size, size)
    assert (counted["resized"] // 2, counted["cropped"] // 2) == changes
