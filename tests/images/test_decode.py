"""Decoding one picture: every mode becomes grey or RGB by the stated policy, or is refused with the reason."""

from __future__ import annotations

import contextlib
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from genharness.images import BadImageError, Header, decode_image, read_header
from genharness.images.decode import read_depth
from packed import encoded

RAMP = np.linspace(0, 255, 48).astype(np.uint8).reshape(6, 8)
COLOUR = np.stack([RAMP, RAMP[::-1], 255 - RAMP], axis=2)


def test_grey_and_rgb_are_taken_as_they_are():
    for pixels, mode in ((RAMP, "L"), (COLOUR, "RGB")):
        decoded = decode_image(encoded(pixels))
        assert (decoded.image.mode, decoded.changes) == (mode, ())
        np.testing.assert_array_equal(np.asarray(decoded.image), pixels)


@pytest.mark.parametrize("format_", ["PNG", "BMP", "TIFF", "PPM", "WEBP", "JPEG", "GIF"])
def test_formats_are_known_by_content(format_):
    header = read_header(encoded(Image.fromarray(COLOUR), format_))
    assert (header.width, header.height) == (8, 6)
    assert decode_image(encoded(Image.fromarray(COLOUR), format_)).image.size == (8, 6)


def test_palette_becomes_rgb():
    flat = Image.fromarray(np.repeat(np.uint8([[[255, 0, 0], [0, 0, 255]]]), 3, axis=0))
    decoded = decode_image(encoded(flat.convert("P")))
    assert decoded.changes == ("palette",)
    np.testing.assert_array_equal(np.asarray(decoded.image), np.asarray(flat))


def test_grey_palette_stays_grey():
    image = Image.fromarray(RAMP)
    image.putpalette(np.repeat(np.arange(256), 3).tolist())
    assert read_header(encoded(image)).grey
    decoded = decode_image(encoded(image))
    assert decoded.image.mode == "L"
    np.testing.assert_array_equal(np.asarray(decoded.image), RAMP)


def test_transparency_is_laid_over_white():
    pixels = np.dstack([COLOUR, np.full((6, 8), 255, np.uint8)])
    pixels[0, 0, 3] = 0
    decoded = decode_image(encoded(pixels))
    assert decoded.changes == ("transparency",)
    assert decoded.image.getpixel((0, 0)) == (255, 255, 255)
    np.testing.assert_array_equal(np.asarray(decoded.image)[1:], COLOUR[1:])


def test_transparent_palette_is_laid_over_white():
    image = Image.fromarray(COLOUR).quantize(4)
    content = encoded(image, transparency=image.getpixel((3, 3)))
    assert decode_image(content).image.getpixel((3, 3)) == (255, 255, 255)


def test_grey_with_transparency_stays_grey():
    decoded = decode_image(encoded(Image.fromarray(RAMP).convert("LA")))
    assert (decoded.image.mode, decoded.changes) == ("L", ("transparency",))


def test_cmyk_becomes_rgb():
    decoded = decode_image(encoded(Image.fromarray(COLOUR).convert("CMYK"), "TIFF"))
    assert (decoded.image.mode, decoded.changes) == ("RGB", ("CMYK",))
    np.testing.assert_array_equal(np.asarray(decoded.image), COLOUR)


def test_16_bits_are_divided_by_257():
    values = RAMP.astype(np.uint16) * 257
    decoded = decode_image(encoded(values))
    assert (decoded.image.mode, decoded.changes) == ("L", ("16 bit",))
    np.testing.assert_array_equal(np.asarray(decoded.image), RAMP)
    assert read_header(encoded(values)).grey


def test_black_and_white_becomes_grey():
    decoded = decode_image(encoded(Image.fromarray(RAMP > 100)))
    assert (decoded.image.mode, decoded.changes) == ("L", ("black and white",))
    assert set(np.unique(np.asarray(decoded.image))) == {0, 255}


def test_16_bit_colours_are_told_from_8_bit_ones():
    assert decode_image(deep_colours()).changes == ("16 bit",)
    assert decode_image(encoded(COLOUR)).changes == ()


def deep_colours():
    """Return a PNG of 16-bit RGB, which Pillow reads and does not write."""
    header = struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(range(12)) for _ in range(2))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_first_frame_of_an_animation_is_taken():
    frames = [Image.fromarray(np.full((6, 8), value, np.uint8)) for value in (10, 200)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    decoded = decode_image(content)
    assert decoded.changes[0] == "animation"
    assert set(np.unique(np.asarray(decoded.image))) == {10}


def test_orientation_of_the_camera_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    content = encoded(COLOUR, exif=exif)
    assert read_header(content) == Header(width=6, height=8, grey=False)
    decoded = decode_image(content)
    assert decoded.changes == ("orientation",)
    np.testing.assert_array_equal(np.asarray(decoded.image), np.rot90(COLOUR, -1))


def test_a_damaged_exif_block_does_not_cost_the_picture():
    assert decode_image(encoded(Image.fromarray(COLOUR), "JPEG", exif=b"Exif\0\0nonsense")).image.size == (8, 6)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(width, height):
    """Return a PNG whose header claims a size that it does not hold."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"not a picture at all", "no picture of a known format"),
        (encoded(COLOUR)[:-30], "."),
        (encoded(Image.fromarray(np.tile(COLOUR, (20, 20, 1))), "JPEG")[:2000], "truncated"),
        (bomb(9000, 9000), "pixels"),
        (bomb(60_000, 60_000), "pixels"),
        (encoded(Image.fromarray(RAMP.astype(np.float32)), "TIFF"), "no known range"),
        (encoded(Image.fromarray(RAMP.astype(np.int32) * 100_000), "TIFF"), "no known range"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n", "no picture of a known format"),
    ],
)
def test_what_is_no_usable_picture_is_refused_with_the_reason(content, reason):
    with pytest.raises(BadImageError, match=reason):
        decode_image(content)


@pytest.mark.parametrize("side", [6, 8])
def test_a_gif_whose_first_frame_has_no_pixels_is_refused(side):
    raw = bytearray(encoded(Image.fromarray(COLOUR), "GIF"))
    frame = raw.index(b"\x2c\0\0\0\0\x08\0\x06\0")  # place 0, 0 and size 8x6
    raw[raw.index(bytes([side]), frame)] = 0
    for read in (read_header, decode_image):
        with pytest.raises(BadImageError):
            read(bytes(raw))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        [encoded(COLOUR), encoded(Image.fromarray(COLOUR), "JPEG"), encoded(Image.fromarray(COLOUR), "TIFF")]
    ),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damage_gives_a_picture_or_a_reason_and_nothing_else(content, changes):
    raw = bytearray(content)
    for position, value in changes:
        raw[position % len(raw)] = value
    for read in (read_header, decode_image):
        with contextlib.suppress(BadImageError):
            assert read(bytes(raw)) is not None


@pytest.mark.parametrize("full", [255, 65535])
def test_a_tiff_whose_white_is_0_is_the_picture_that_it_means(full):
    values = RAMP if full == 255 else RAMP * np.uint16(257)
    black_is_0 = encoded(Image.fromarray(values), "TIFF", tiffinfo={262: 1})
    white_is_0 = white_is_zero(full - values)
    one, other = decode_image(white_is_0), decode_image(black_is_0)
    np.testing.assert_array_equal(np.asarray(one.image), np.asarray(other.image))
    assert one.changes == (() if full == 255 else ("white is 0", *other.changes))
    if full > 255:
        assert read_depth(white_is_0) == read_depth(black_is_0)


def test_a_tiff_whose_white_is_0_and_black_not_the_end_of_its_bits_is_refused():
    with pytest.raises(BadImageError, match="0 is white and 4095 its largest value: save it with 0 as black"):
        decode_image(white_is_zero(RAMP.astype(np.uint16), {281: 4095}))


def white_is_zero(stored, tags=None):
    """Return a TIFF that says so of the values that are stored."""
    content = bytearray(encoded(Image.fromarray(stored), "TIFF", tiffinfo={262: 1, **(tags or {})}))
    entry = content.index(struct.pack("<HHI", 262, 3, 1))
    content[entry + 8 : entry + 10] = struct.pack("<H", 0)
    return bytes(content)
