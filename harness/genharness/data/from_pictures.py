"""From pictures to a split of a prepared dataset: what every plugin that reads picture files does last."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genharness.data import PrepareRequest, SplitWriter
from genharness.images.batches import decode_batches
from genharness.images.depth import FULL
from genharness.images.sources import FileSource

__all__ = ["asked_shape", "write_pictures"]


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
) -> None:
    """Decode pictures in order and append them to a split, counting what had to be changed.

    Args:
        request: Told of the progress and the counts.
        output: Split that they are appended to.
        source: Where they lie.
        names: Which, in order.
        labels: Class of each `(n,)`, or None.
        shape: `(c, h, w)` that each is fitted to.
        white: The value of grey pictures of 16 bits that becomes 255.

    Raises:
        DataError: If some cannot be read; the message names each with the reason.
    """
    done = 0
    for batch in decode_batches(source, names, shape, white=white):
        end = done + len(batch.images)
        output.write(batch.images, None if labels is None else labels[done:end])
        request.writer.touched(resized=batch.resized, cropped=batch.cropped, converted=batch.converted)
        request.report(end, len(names), f"decoding {output.name}")
        done = end
