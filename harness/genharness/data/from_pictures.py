"""From pictures to a split of a prepared dataset: what every plugin that reads picture files does last."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genharness.data import PrepareRequest, SplitWriter
from genharness.errors import DataError
from genharness.images.batches import Survey, decode_batches
from genharness.images.decode import Header
from genharness.images.depth import FULL
from genharness.images.resize import POLICIES
from genharness.images.sources import FileSource

__all__ = ["asked_shape", "native_shape", "note_shapes", "write_pictures"]

MIXED_SIZE = 64
"""Side of pictures of mixed sizes where none is asked for; smaller where one of them is smaller, so that none grows."""


def native_shape(request: PrepareRequest, found: Survey) -> tuple[int, int, int]:
    """Return the `(c, h, w)` that pictures have, where they have one; else that of a square that none is enlarged to.

    Raises:
        DataError: If their shapes differ, and neither a size nor a fit is asked for: they would be cut unasked.
    """
    if found.uniform:
        height, width = next(iter(found.sizes))
        return found.channels, height, width
    reference = request.reference
    squares = all(height == width for height, width in found.sizes)
    if not squares and reference.size is None and reference.fit is None:
        raise DataError(
            f"{reference.base} holds pictures of {found.extremes()}, which are no squares of one size: say how they "
            "become some with --fit crop, pad or stretch, or with @64 (cropped), @64:pad or @64:stretch behind the name"
        )
    side = min(MIXED_SIZE, found.short_side)
    return found.channels, side, side


def note_shapes(request: PrepareRequest, found: Survey, shape: tuple[int, int, int]) -> None:
    """Note what is done to pictures that do not have a shape, and to those of 16 bits."""
    if found.depth is not None:
        request.writer.note(f"16 bit brought to 8: {found.depth}")
        request.writer.describe(white=found.white)
    if found.sizes != {shape[1:]}:
        policy = POLICIES[request.reference.fit]
        request.writer.note(f"pictures of {found.extremes()} made {shape[2]}x{shape[1]}: {policy}")
    if not found.uniform and request.reference.size is None:
        request.writer.note(f"ask for another size with @SIZE, such as {request.spec.name}:PATH@128")


def asked_shape(request: PrepareRequest, native: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the `(c, h, w)` that the reference asks for, the dataset's own where it asks for nothing."""
    size = request.reference.size
    channels = {"grey": 1, "rgb": 3, None: native[0]}[request.reference.channels]
    return channels, size or native[1], size or native[2]


def write_pictures(
    request: PrepareRequest,
    output: SplitWriter,
    source: FileSource,
    names: Sequence[str],
    labels: NDArray[np.int64] | None,
    shape: tuple[int, int, int],
    *,
    white: int = FULL,
    like: Header | None = None,
) -> list[Header]:
    """Decode pictures in order and append them to a split, counting what had to be changed.

    Args:
        request: Told of the progress and the counts.
        output: Split that they are appended to.
        source: Where they lie.
        names: Which, in order.
        labels: Class of each `(n,)`, or None.
        shape: `(c, h, w)` that each is fitted to.
        white: The value of grey pictures of 16 bits that becomes 255.
        like: What all must be like, where only one was looked at: of its size, without colours where it has none, and
            of 8 bits.

    Returns:
        The header of each, in order.

    Raises:
        DataError: If some cannot be read; the message names each with the reason. Or if one is not `like`.
    """
    done, headers = 0, list[Header]()
    for batch in decode_batches(source, names, shape, white=white, fit=request.reference.fit, like=like):
        end = done + len(batch.images)
        headers += batch.headers
        if like is not None and len(batch.headers) < len(batch.images):
            raise DataError(f"{source.where}: its pictures are not all alike, or not all readable")
        output.write(batch.images, None if labels is None else labels[done:end])
        request.writer.decoded(batch)
        request.report(end, len(names), f"decoding {output.name}")
        done = end
    return headers
