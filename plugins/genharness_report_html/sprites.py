"""Tiles as one small picture inside the page.

Grey tiles of at most 32 pixels become PNG of 16 greys, which is smaller than anything lossy; larger or coloured ones
WebP of at most 64 pixels a tile.
"""

from __future__ import annotations

import base64
import io

import numpy as np
from markupsafe import Markup
from PIL import Image

from genharness.figures.tiles import Tiles
from genharness_report_html.svg import tag

__all__ = ["MOST_SIDE", "is_lossy", "sprite"]

MOST_SIDE = 64
_SMALL = 32
_QUALITY = 90
_GAP = 1


def is_lossy(tiles: Tiles) -> bool:
    """Whether the page shows these tiles with loss."""
    return bool(tiles.shape[3] == 3 or max(tiles.shape[1:3]) > _SMALL)


def sprite(tiles: Tiles, columns: int, words: str, *, shown: int = 32) -> Markup:
    """Return tiles as an image element.

    Args:
        tiles: In reading order; the last row may not be full.
        columns: Tiles in a row.
        words: What stands for it where it is not seen.
        shown: About how many pixels a tile takes on the page; small images are enlarged by whole factors.
    """
    tiles = _reduced(tiles)
    sheet = _sheet(tiles, columns)
    factor = max(1, round(shown / (tiles.shape[2] + _GAP)))
    kind, content = _encoded(sheet, lossy=is_lossy(tiles))
    data = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    height, width = sheet.shape[:2]
    return tag("img", src=data, width=width * factor, height=height * factor, alt=words, class_="px")


def _reduced(tiles: Tiles) -> Tiles:
    side = max(tiles.shape[1:3])
    if side <= MOST_SIDE:
        return tiles
    size = (round(tiles.shape[2] * MOST_SIDE / side), round(tiles.shape[1] * MOST_SIDE / side))
    modes = [Image.fromarray(tile[:, :, 0] if tile.shape[2] == 1 else tile) for tile in tiles]
    small = [np.asarray(one.resize(size, Image.Resampling.LANCZOS)) for one in modes]
    return np.stack([one[:, :, None] if one.ndim == 2 else one for one in small])


def _sheet(tiles: Tiles, columns: int) -> Tiles:
    """Return tiles on one sheet, with an empty pixel between them: height, width, channels and opacity."""
    count, height, width, channels = tiles.shape
    rows = -(-count // columns)
    sheet = np.zeros((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, channels + 1), np.uint8)
    for place, tile in enumerate(tiles):
        top, left = place // columns * (height + _GAP), place % columns * (width + _GAP)
        sheet[top : top + height, left : left + width, :channels] = tile
        sheet[top : top + height, left : left + width, channels] = 255
    return sheet


def _encoded(sheet: Tiles, *, lossy: bool) -> tuple[str, bytes]:
    stream = io.BytesIO()
    if lossy:
        channels = sheet.shape[2] - 1
        mode = sheet if channels == 3 else np.concatenate([sheet[:, :, :1].repeat(3, 2), sheet[:, :, 1:]], axis=2)
        Image.fromarray(mode).save(stream, "WEBP", quality=_QUALITY, method=6)
        return "webp", stream.getvalue()
    greys = (sheet[:, :, 0].astype(np.uint16) * 14 + 127) // 255 + 1
    picture = Image.fromarray(np.where(sheet[:, :, 1] > 0, greys, 0).astype(np.uint8), "P")
    picture.putpalette([0, 0, 0, *(value for grey in range(15) for value in [round(grey * 255 / 14)] * 3)])
    picture.save(stream, "PNG", bits=4, transparency=0, optimize=True)
    return "png", stream.getvalue()
