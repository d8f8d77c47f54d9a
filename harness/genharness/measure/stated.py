"""What metrics state and show beside their scores, held to what a record and a cell's folder can take."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import PluginError, shown

__all__ = ["checked_fact", "checked_picture"]

_OWN_FILES = frozenset({"grid", "strip", "interpolation", "reconstructions", "samples", "latents", "traceback"})
"""Artefacts that cells write themselves."""

_OWN_FACTS = re.compile("sample_count|samples_.*|tuning_.*")
"""Facts that genharness states itself."""

_NAME = re.compile("[a-z0-9_][a-z0-9_-]{0,99}")
_CHANNELS = (1, 3, 4)
_MOST_COLUMNS = 1000


def checked_fact(fact: str, value: float) -> tuple[str, float]:
    """Return a fact and its number.

    Raises:
        PluginError: If the fact is one of genharness's own, or none.
    """
    if not isinstance(fact, str) or _OWN_FACTS.fullmatch(fact):
        raise PluginError(f"state({shown(repr(fact))}): a metric cannot state it, so give it another name")
    return fact, float(value)


def checked_picture(name: str, images: NDArray[np.uint8], columns: int) -> tuple[NDArray[np.uint8], int]:
    """Return the images of a picture, copied, and its columns.

    Args:
        name: Becomes the name of a file in the cell's folder.
        images: `(n, c, h, w)`.
        columns: Images in a row.

    Raises:
        PluginError: If no picture can be drawn of them, or kept under that name.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(f"show({shown(repr(name))}): a picture's name must be of a-z, 0-9, _ and -")
    if name in _OWN_FILES:
        raise PluginError(f"show({name!r}): the cell has a file of that name, so give the picture another")
    if wrong := _wrong(images):
        raise PluginError(
            f"show({name!r}): images are {wrong}: they must be uint8 (n, c, h, w), n at least 1, c 1 or 3"
        )
    if isinstance(columns, bool) or not isinstance(columns, int | np.integer) or not 1 <= columns <= _MOST_COLUMNS:
        raise PluginError(f"show({name!r}): columns={shown(repr(columns))} must be 1 to {_MOST_COLUMNS:,}")
    return np.array(images), int(columns)


def _wrong(images: Any) -> str:
    """Return what images are that nothing can be drawn of; empty where it can."""
    if not isinstance(images, np.ndarray):
        return f"of type {type(images).__name__}"
    fits = images.ndim == 4 and images.size and images.shape[1] in _CHANNELS
    return "" if fits and images.dtype == np.uint8 else f"{images.dtype} {images.shape}"
