"""A cell's pictures in motion: its samples over training, or ways between codes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from genharness.errors import ConfigError
from genharness.figures.kept import KeptCell
from genharness.figures.tiles import Tiles
from genharness.files.atomic import replace_file
from genharness.files.paths import printable
from genharness.images.grid import tile

__all__ = ["FILM_FORMATS", "film", "save_film"]

FILM_FORMATS = {".gif": "GIF", ".webp": "WEBP"}
_LEAST = 256
_LAST_LONGER = 4
_QUALITY = 90
_LETTERS = 16
"""Pixels of the height of words."""
_WHY = {
    "training": "only models that train keep them, and `publish --pictures strip` gives them away",
    "interpolation": "only models with codes keep them, and `publish --pictures interpolation` gives them away",
}

Film = list[NDArray[np.uint8]]


def film(kept: KeptCell, what: Literal["training", "interpolation"]) -> Film:
    """Return the moments of a film, each `(height, width, channels)`, all of one size, with the step below in training.

    Args:
        kept: The files of a cell.
        what: Samples of one seed as `training` went on, or `interpolation` between codes, there and back.

    Raises:
        ConfigError: The cell keeps no such pictures.
    """
    tiles = kept.strip() if what == "training" else kept.interpolation()
    wide = 8 if what == "training" else 10
    if tiles is None or len(tiles) < 2 * wide:
        raise ConfigError(f"the cell keeps no pictures of {what}: {_WHY[what]}")
    moments = tiles.reshape(-1, wide, *tiles.shape[1:])
    if what == "interpolation":
        moments = moments.swapaxes(0, 1)
        moments = np.concatenate([moments, moments[-2:0:-1]])
        return [_frame(one) for one in moments]
    steps = kept.train_steps / max(len(moments) - 1, 1)
    frames = [_frame(one) for one in moments]
    return [_named(one, f"step {round(place * steps):,}") for place, one in enumerate(frames)] if steps else frames


def _frame(tiles: Tiles) -> NDArray[np.uint8]:
    """Return tiles as a full sheet, at least so wide."""
    columns = next(one for one in range(math.ceil(math.sqrt(len(tiles))), len(tiles) + 1) if len(tiles) % one == 0)
    sheet = tile(tiles.transpose(0, 3, 1, 2), columns)
    factor = max(1, -(-_LEAST // sheet.shape[1]))
    return sheet.repeat(factor, 0).repeat(factor, 1)


def _named(sheet: NDArray[np.uint8], words: str) -> NDArray[np.uint8]:
    """Return a sheet with words below it."""
    line = Image.new("L", (sheet.shape[1], 2 * _LETTERS), 255)
    ImageDraw.Draw(line).text((_LETTERS // 2, _LETTERS // 4), words, fill=0, font=ImageFont.load_default(_LETTERS))
    return np.concatenate([sheet, np.asarray(line)[:, :, None].repeat(sheet.shape[2], 2)])


def save_film(moments: Film, out: Path, *, milliseconds: int, hold: bool) -> None:
    """Write a film as its name's end says, whole or not at all; it starts anew for ever.

    Args:
        moments: Its pictures.
        out: `.gif` or `.webp`.
        milliseconds: How long each is shown.
        hold: Whether the last is shown longer.

    Raises:
        ConfigError: The name ends otherwise.
    """
    form = FILM_FORMATS.get(out.suffix.lower())
    if form is None:
        raise ConfigError(f"{printable(out)}: a film ends in {' or '.join(FILM_FORMATS)}")
    pictures = [Image.fromarray(one[:, :, 0] if one.shape[2] == 1 else one).convert("RGB") for one in moments]
    times = [milliseconds] * len(pictures)
    times[-1] *= _LAST_LONGER if hold else 1
    with replace_file(out) as temporary:
        first, *others = pictures
        first.save(
            temporary, format=form, save_all=True, append_images=others, duration=times, loop=0, quality=_QUALITY
        )
