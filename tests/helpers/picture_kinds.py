"""Ten pictures of every kind that a set may be of, all alike or not, as pictures and as files."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

__all__ = ["KINDS", "picture_files"]

SIDE = 12


def noise(seed, shape=(SIDE, SIDE, 3)):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, np.uint8))


def deep(seed):
    values = np.random.default_rng(seed).integers(0, 65536, (SIDE, SIDE), np.uint16)
    return Image.fromarray(values)


def turned(place):
    picture = noise(place, (SIDE, 2 * SIDE, 3))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.info["exif"] = exif.tobytes()
    return picture


GREY, PLAIN = (SIDE, SIDE), (SIDE, SIDE, 3)
KINDS = {
    "colour": lambda place: noise(place),
    "grey": lambda place: noise(place, GREY),
    "grey at last": lambda place: noise(place, PLAIN if place < 9 else GREY),
    "colour at last": lambda place: noise(place, GREY if place < 9 else PLAIN),
    "transparent": lambda place: noise(place, (SIDE, SIDE, 4)),
    "palettes": lambda place: noise(place).convert("P", palette=Image.Palette.ADAPTIVE),
    "oblong": lambda place: noise(place, (SIDE, SIDE + 6, 3)),
    "oblong and square": lambda place: noise(place, (SIDE, SIDE + 6 if place < 9 else SIDE, 3)),
    "turned": turned,
    "deep": deep,
    "deep at last": lambda place: noise(place, GREY) if place < 9 else deep(place),
    "mixed squares": lambda place: noise(place, (SIDE + place, SIDE + place, 3)),
}


def picture_files(kind):
    """Return ten PNG files of a kind, as content."""
    return [_file(KINDS[kind](place)) for place in range(10)]


def _file(picture):
    stream = io.BytesIO()
    picture.save(stream, "PNG", **({"exif": picture.info["exif"]} if "exif" in picture.info else {}))
    return stream.getvalue()
