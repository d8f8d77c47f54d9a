import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from genharness import DataError
from genharness.images import as_uint8, read_images, read_samples, scalings_of
from genharness.images.decode import read_depth
from genharness.images.depth import FULL, Depth, of_all
from genharness.images.samples import samples_of_array, scaled_beside
from packed import as_folder

RAMP = np.arange(256, dtype=np.uint16).reshape(16, 16)


def encoded(values, form="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(values).save(file, form, **options)
    return file.getvalue()


def deep_colours(values):
    """Return a PNG of 16-bit RGB `(h, w, 3)`, which Pillow reads and does not write."""
    height, width, _ = values.shape
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("high", "white"),
    [
        (2, 255),
        (255, 255),
        (256, 1023),
        (1023, 1023),
        (3071, 4095),
        (4095, 4095),
        (16383, 16383),
        (16384, FULL),
        (0, FULL),
    ],
)
def test_white_is_the_end_of_the_fewest_bits_that_hold_every_value(high, white):
    assert Depth(0, high).white == white


def test_black_pictures_say_nothing_of_white():
    assert Depth(0, 0).white == FULL


def test_white_is_what_the_file_says_where_it_can_be():
    assert Depth(0, 3000, declared=10_000).white == 10_000
    assert Depth(0, 3000, declared=255).white == 4095


def test_the_depth_of_a_set_is_that_of_all_its_pictures():
    assert of_all([Depth(5, 100, 255), Depth(0, 3000, 255)]) == Depth(0, 3000, 255)
    assert of_all([Depth(5, 100, 255), Depth(0, 3000)]) == Depth(0, 3000)
    assert of_all([]) is None


def test_values_that_use_little_of_their_bits_are_said_to():
    assert "of which 26 of 256 grey levels remain" in str(Depth(1000, 1400))
    assert "remain" not in str(Depth(0, 4000))


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_no_grey_level_is_lost_whatever_the_bits_that_files_and_arrays_use(tmp_path, bits):
    values = RAMP << (bits - 8)
    found = read_images(as_folder({"a.png": encoded(values), "b.png": encoded(values // 2)}, tmp_path))
    assert len(np.unique(found.samples[0])) >= 255
    note = "; ".join(found.notes)
    assert f"values 0 to {values.max():,} taken as {bits} bits" in note
    if bits > 8:
        images, said = as_uint8(np.stack([values, values // 2]), "a.npy")
        np.testing.assert_array_equal(images, found.samples)
        assert f"values 0 to {values.max():,} taken as {bits} bits" in said


def test_a_dark_picture_is_scaled_as_the_others_of_its_set(tmp_path):
    found = read_images(as_folder({"a.png": encoded(RAMP << 8), "b.png": encoded(RAMP)}, tmp_path))
    assert found.samples[1].max() <= 1


def test_pillow_has_stretched_a_pgm_by_its_own_largest_value():
    content = b"P5 2 1 1023\n" + np.array([0, 100], ">u2").tobytes()
    assert read_depth(content).white == FULL


def test_a_tiff_may_say_what_white_is():
    tags = ImageFileDirectory_v2()
    tags[281] = 3000
    assert read_depth(encoded(RAMP, "TIFF", tiffinfo=tags)).white == 3000
    assert read_depth(encoded(RAMP, "TIFF")).white == 255


def test_colours_of_16_bits_that_would_lose_their_levels_are_refused(tmp_path):
    colours = np.repeat(RAMP[:, :, None] << 4, 3, axis=2)
    with pytest.raises(DataError, match=r"reach 3,855 of 65,535, which leaves 16 levels of 256"):
        read_images(as_folder({"a.png": deep_colours(colours)}, tmp_path / "dark"))
    bright = read_images(as_folder({"a.png": deep_colours(colours << 4)}, tmp_path / "bright"))
    assert bright.samples.max() == 255


def test_whether_1_is_white_cannot_be_told(tmp_path):
    with pytest.raises(DataError, match="whether 1 is white cannot be told"):
        read_images(as_folder({"a.png": encoded((RAMP > 99).astype(np.uint16))}, tmp_path))


@pytest.mark.parametrize("kind", [np.uint16, np.int32, ">u2"])
def test_arrays_as_pillow_gives_them_are_taken_as_files_are(kind):
    images, note = as_uint8(np.stack([RAMP << 4]).astype(kind), "a.npy")
    np.testing.assert_allclose(images[0, 0], RAMP, atol=1)
    assert "12 bits" in note


@pytest.mark.parametrize("array", [RAMP.astype(np.int64) * 257, RAMP.astype(np.int32) - 1, RAMP.astype(np.int32) << 10])
def test_other_whole_numbers_beyond_255_are_refused(array):
    with pytest.raises(DataError, match="whole numbers must be 0 to 255"):
        as_uint8(np.stack([array]), "a.npy")


@pytest.mark.parametrize("form", ["folder", "npy", "npz", "memory"])
def test_a_set_is_scaled_as_what_it_is_compared_with(tmp_path, form):
    dark = np.stack([RAMP, RAMP]) << 2  # up to 1,020: 10 bits by itself
    if form == "folder":
        found = read_samples(as_folder({"a.png": encoded(dark[0]), "b.png": encoded(dark[1])}, tmp_path), beside=4095)
    elif form == "memory":
        found = scaled_beside(samples_of_array(dark, None, "samples"), 4095)
    else:
        path = tmp_path / f"dark.{form}"
        np.save(path, dark) if form == "npy" else np.savez(path, images=dark)
        found = read_samples(path, beside=4095)
    assert found.white == 4095
    np.testing.assert_array_equal(found.samples[:, 0], np.rint(dark * (255 / 4095)))
    assert any("taken as 12 bits (white is 4,095, as of what they are compared with)" in note for note in found.notes)


def test_a_set_that_reaches_beyond_what_it_is_compared_with_is_said_to():
    found = samples_of_array(np.stack([RAMP << 8, RAMP]), None, "samples", beside=4095)
    assert found.white == FULL
    assert "and 4,095 of what they are compared with: one set may be darker than the other" in found.notes[0]


def test_what_a_file_says_of_white_stands_beside_any_other():
    assert Depth(0, 3000, declared=3000, beside=FULL).white == 3000


def test_images_of_8_bits_are_scaled_by_nothing():
    images = RAMP.astype(np.uint8)[None]
    assert scaled_beside(samples_of_array(images, None, "samples"), 4095).white == 0
    np.testing.assert_array_equal(samples_of_array(images, None, "samples", beside=4095).samples[:, 0], images)


def test_arrays_of_one_type_become_bytes_in_one_way():
    found = scalings_of({"train": RAMP[None] << 4, "test": RAMP[None], "other": RAMP[None].astype(np.float32)})
    assert found["train"] == found["test"]
    assert found["train"].white == 4095
    assert found["other"].white == 0
