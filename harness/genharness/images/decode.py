"""Decoding one picture that anybody may have made: 8-bit grey or RGB, or a reason why not.

Stated policy, each use of it named and counted: the first frame of an animation; transparency over white; palettes,
CMYK and other colour spaces to RGB; 16-bit values to 8, as `genharness.images.depth` has it, those of a TIFF whose
white is 0 inverted before; the orientation applied.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from genharness.images.depth import FULL, Depth

__all__ = [
    "FORMATS",
    "POLICIES",
    "SUFFIXES",
    "BadImageError",
    "Decoded",
    "Header",
    "decode_image",
    "read_depth",
    "read_header",
    "told_changes",
]

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""What is opened, by content. Others of Pillow's run outside programs or are hardly ever tested."""

SUFFIXES = frozenset(
    (
        *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif", ".pjpeg", ".pjp", ".bmp", ".dib", ".gif"),
        *(".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".pnm"),
    )
)
"""Names of files that should hold a picture, in lower case."""

MAX_PIXELS = 64_000_000
_GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N")
_ORIENTATION = 0x0112


POLICIES = {
    "animation": "animation, of which the first frame was taken",
    "transparency": "transparency laid over white",
    "orientation": "turned as the camera noted",
    "palette": "palette resolved",
    "16 bit": "16 bit brought to 8",
    "white is 0": "16 bit inverted, as the TIFF says that 0 is white",
    "black and white": "black and white taken as 0 and 255",
    "CMYK": "CMYK converted to RGB",
}
"""What was done to a picture, in words for a note, by the name of the change."""


def told_changes(counts: Mapping[str, int]) -> list[str]:
    """Say what was done to how many pictures; what 16 bits became is said where their white is known."""
    told = sorted((POLICIES.get(change, change), count) for change, count in counts.items() if change != "16 bit")
    return [f"{policy}: {count:,} picture{'s' * (count > 1)}" for policy, count in told]


class BadImageError(Exception):
    """A file is no usable picture; the message is the reason, for a sentence that names the file."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a picture before its pixels are decoded.

    Attributes:
        width: In pixels, as it is shown.
        height: In pixels, as it is shown.
        grey: Whether it has no colours.
        deep: Whether it has more than 8 bits a channel.
    """

    width: int
    height: int
    grey: bool
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded picture.

    Attributes:
        image: In mode `L` or `RGB`.
        changes: What was done to make it so, such as `palette`; empty when nothing was.
        header: What `read_header` says of it.
    """

    image: Image.Image
    changes: tuple[str, ...]
    header: Header


def read_header(content: bytes) -> Header:
    """Return size and colour of a picture without decoding it.

    Raises:
        BadImageError: If it is no picture of a known format, or too large.
    """
    image = _open(content)
    with _reasons():
        return _header(image)


def _header(image: Image.Image) -> Header:
    width, height = image.size
    if _orientation(image) >= 5:  # a quarter turn
        width, height = height, width
    return Header(width, height, _is_grey(image), _is_deep(image) or _is_deep_colour(image))


def read_depth(content: bytes) -> Depth:
    """Return the values of a picture of more than 8 bits; of colours, what Pillow leaves of them: the upper 8.

    Raises:
        BadImageError: As `decode_image`.
    """
    image = _open(content)
    with _reasons():
        declared, black = _declared_white(image), _inverted_from(image)
        image.load()
        values = _whole_values(image, black) if _is_deep(image) else np.asarray(_plain(image)[0], np.int64) * 257
    return Depth(int(values.min()), int(values.max()), declared)


def decode_image(content: bytes, white: int = FULL) -> Decoded:
    """Return a picture as mode `L` or `RGB`.

    Args:
        content: The file.
        white: The value of a grey picture of 16 bits that becomes 255.

    Raises:
        BadImageError: If it is no picture of a known format, too large, cut off, or its values have no known range.
    """
    image = _open(content)
    done = []
    with _reasons():
        header = _header(image)
        if getattr(image, "is_animated", False):
            done.append("animation")
        if _is_deep_colour(image):
            done.append("16 bit")
        black = _inverted_from(image)
        if black:
            done.append("white is 0")
        image.load()
        if _orientation(image) > 1:
            image = ImageOps.exif_transpose(image)
            done.append("orientation")
        plain, change = _plain(image, white, black)
    return Decoded(plain, (*done, *([change] if change else [])), header)


@contextlib.contextmanager
def _reasons() -> Iterator[None]:
    try:
        yield
    except BadImageError:
        raise
    except Exception as error:  # a damaged file may raise anything from Pillow's parsers
        raise BadImageError(_reason(error)) from error


def _open(content: bytes) -> Image.Image:
    if not content:
        raise BadImageError("it is empty")
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise BadImageError("it is no picture of a known format") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImageError("it has too many pixels") from error
    except Exception as error:  # a damaged file may raise anything from Pillow's parsers
        raise BadImageError(_reason(error)) from error
    if image.width * image.height > MAX_PIXELS:
        raise BadImageError(f"it has {image.width * image.height:,} pixels, more than {MAX_PIXELS:,}")
    return image


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text or type(error).__name__


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 where there is none or its block is damaged."""
    if "exif" not in image.info:
        return 1
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a damaged EXIF block says nothing of the pixels, so the picture is taken as it lies
        return 1


def _is_grey(image: Image.Image) -> bool:
    if image.mode in ("P", "PA"):
        palette = np.asarray(image.getpalette("RGB") or (), np.uint8).reshape(-1, 3)
        return bool((palette == palette[:, :1]).all())
    return image.mode in _GREY_MODES


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith("I")


def _declared_white(image: Image.Image) -> int:
    """Return what a file says that white is, else 0: Pillow has stretched a PPM to 16 bits, and TIFF has a tag."""
    if image.format == "PPM":
        return FULL
    if image.format == "TIFF":
        return _tag(image, _MAX_SAMPLE_VALUE)
    return 0


_BITS_PER_SAMPLE, _PHOTOMETRIC, _MAX_SAMPLE_VALUE = 258, 262, 281
_WHITE_IS_0 = 0


def _tag(image: Image.Image, number: int, default: int = 0) -> int:
    """Return a whole number that a TIFF says, the first of several."""
    value = getattr(image, "tag_v2", {}).get(number)
    value = value[0] if isinstance(value, tuple) else value
    return default if value is None else int(value)


def _inverted_from(image: Image.Image) -> int:
    """Return the value of black in a TIFF of more than 8 bits whose white is 0, else 0: Pillow inverts only 8 bits.

    Raises:
        BadImageError: If its largest value is said to be another than that of its bits.
    """
    if image.format != "TIFF" or not _is_deep(image) or _tag(image, _PHOTOMETRIC, -1) != _WHITE_IS_0:
        return 0
    black, largest = (1 << _tag(image, _BITS_PER_SAMPLE)) - 1, _declared_white(image)
    if largest not in (0, black):
        raise BadImageError(f"0 is white and {largest} its largest value: save it with 0 as black")
    return black


def _is_deep_colour(image: Image.Image) -> bool:
    """Return whether Pillow halves 16-bit colours while it decodes: it says so only in the decoder's arguments."""
    return image.mode not in _GREY_MODES and any("16" in str(tile[3]) for tile in getattr(image, "tile", ()))


def _plain(image: Image.Image, white: int = FULL, black: int = 0) -> tuple[Image.Image, str]:
    """Return the loaded image in mode L or RGB, and what was done."""
    mode, grey = image.mode, "L" if _is_grey(image) else "RGB"
    if "transparency" in image.info or mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        return _over_white(image).convert(grey), "transparency"
    if mode in ("L", "RGB"):
        return image, ""
    if mode == "1":
        return image.convert("L"), "black and white"
    if mode.startswith("I"):
        scaled = np.rint(_whole_values(image, black) * (255 / white)).clip(0, 255)
        return Image.fromarray(scaled.astype(np.uint8)), "16 bit"
    if mode == "F":
        raise BadImageError("its pixels are floating-point numbers of no known range")
    return image.convert(grey), {"P": "palette"}.get(mode, mode)


def _over_white(image: Image.Image) -> Image.Image:
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)


def _whole_values(image: Image.Image, black: int = 0) -> NDArray[np.int64]:
    """Return the values of a picture of more than 8 bits, the larger the lighter; for `black` see `_inverted_from`."""
    values = np.asarray(image).astype(np.int64)
    values = black - values if black else values
    if values.min() < 0 or values.max() > FULL:
        raise BadImageError("its pixels are 32-bit numbers of no known range")
    return values
