"""Decoding the pictures of stored sets in threads; small ones that are all alike in the pass that finds labels.

Which split a picture goes to is known once all labels are. A set is therefore read twice: looked through, then decoded.
Looking costs as much as decoding where pictures are small, and reading a tar of small files more than both. Pictures
that are small and like the first of them are decoded into a file without a name instead, and divided from there.
"""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray

from genharness.data.from_pictures import asked_shape, native_shape
from genharness.data.request import PrepareRequest
from genharness.errors import DataError
from genharness.files.ahead import in_order
from genharness.images.batches import Pictures, Survey, decode_batches, survey
from genharness.images.decode import Header
from genharness.images.depth import FULL
from genharness.images.sources import FileSource
from genharness.images.stored.labels import LabelBook
from genharness.images.stored.looking import Look
from genharness.images.stored.pieces import Piece, StoredSet
from genharness.spec.dataset_name import Fit

__all__ = ["AlikePictures", "Decoding", "decode_ahead", "decode_alike"]

_SMALL_BYTES = 1 << 16
"""Largest picture, decoded, that is written and read once more: beyond it a second look at its header costs less."""

_GROUP_BYTES = 1 << 24
_GROUP_COUNT = 256


@dataclass(frozen=True)
class Decoding:
    """How pictures are decoded.

    Attributes:
        shape: `(c, h, w)` that each is fitted to.
        white: The value of grey pictures of 16 bits that becomes 255.
        fit: How those of another size are made square.
        like: What all must be like, as `genharness.images.batches.decode_batches` has it.
    """

    shape: tuple[int, int, int]
    white: int = FULL
    fit: Fit | None = None
    like: Header | None = None


@dataclass(frozen=True)
class AlikePictures:
    """A set whose pictures were decoded while it was looked at.

    Attributes:
        look: What was seen of it.
        shape: `(c, h, w)` of each.
    """

    look: Look
    shape: tuple[int, int, int]
    _file: IO[bytes]

    def images(self) -> Iterator[NDArray[np.uint8]]:
        """Yield all, uint8 `(n, c, h, w)`, in order."""
        size = int(np.prod(self.shape))
        self._file.seek(0)
        while chunk := self._file.read(_count(self.shape) * size):
            yield np.frombuffer(chunk, np.uint8).reshape(-1, *self.shape)


@contextlib.contextmanager
def decode_alike(
    request: PrepareRequest, splits: Mapping[str, StoredSet], book: LabelBook
) -> Iterator[dict[str, AlikePictures]]:
    """Give the sets of splits, decoded, with their labels entered; none where they must be looked at first.

    Then the book is as it was filled so far, and to be thrown away.

    Args:
        request: What is prepared; told of the progress, and of what was done to pictures.
        splits: The set of each split.
        book: Where labels are entered.
    """
    with contextlib.ExitStack() as stack:
        found: dict[str, AlikePictures] = {}
        try:
            found = _decoded(request, splits, book, stack)
        except DataError:  # not all alike, or not all readable: which, and why, the whole look says
            request.writer.restart()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            stack.close()  # there is no room for them twice
            request.writer.restart()
        yield found


def _decoded(
    request: PrepareRequest, splits: Mapping[str, StoredSet], book: LabelBook, stack: contextlib.ExitStack
) -> dict[str, AlikePictures]:
    first = _first(splits)
    if first is None or first.depth is not None:
        return {}
    shape = asked_shape(request, native_shape(request, first))
    if np.prod(shape) > _SMALL_BYTES:
        return {}
    how = Decoding(shape, fit=request.reference.fit, like=first.headers[0])
    found = {}
    for split, stored in splits.items():
        file = stack.enter_context(tempfile.TemporaryFile(dir=request.writer.folder))  # noqa: SIM115  # the stack closes it
        look = _into(file, request, stored, split, how, book)
        found[split] = AlikePictures(look, shape, file)
    return found


def _first(splits: Mapping[str, StoredSet]) -> Survey | None:
    """Return what the header of the very first picture says, None where there are none."""
    if any(stored.kind != "pictures" for stored in splits.values()):
        return None
    stored = next(iter(splits.values()))
    piece = next(iter(stored.pieces()), None)
    return None if piece is None else survey(_source(stored, piece), piece.names[:1])


def _into(
    file: IO[bytes], request: PrepareRequest, stored: StoredSet, split: str, how: Decoding, book: LabelBook
) -> Look:
    """Write decoded pictures one after another, and enter their labels.

    Raises:
        DataError: Some are not alike, or cannot be used.
    """
    names: list[str] = []

    def pieces() -> Iterator[Piece]:
        for piece in stored.pieces():
            book.add(split, piece.labels, piece.names)
            names.extend(piece.names)
            yield piece

    headers: list[Header] = []
    for batch in decode_ahead(stored, pieces(), how):
        if len(batch.headers) < len(batch.images):
            raise DataError(f"{stored.where}: its pictures are not all alike, or not all readable")
        headers += batch.headers
        file.write(batch.images.data)
        request.writer.decoded(batch)
        request.report(len(headers), 0, f"decoding {stored.where}")
    if not headers:
        raise DataError(f"{stored.where} holds no samples")
    return Look(len(headers), Survey(tuple(names), tuple(headers)))


def decode_ahead(stored: StoredSet, pieces: Iterable[Piece], how: Decoding) -> Iterator[Pictures]:
    """Yield the pictures of pieces in order, in batches none of which has pictures of two pieces.

    Args:
        stored: The set.
        pieces: Of it, all or parts of them; taken by the caller's own thread.
        how: They are decoded.

    Raises:
        DataError: After a batch in which some were unreadable; the message names each of it with the reason.
    """

    def decode(group: Piece) -> tuple[list[Pictures], DataError | None]:
        batches: list[Pictures] = []
        source = _source(stored, group)
        try:
            batches += decode_batches(source, group.names, how.shape, white=how.white, fit=how.fit, like=how.like)
        except DataError as error:
            return batches, error
        return batches, None

    for batches, error in in_order(decode, _groups(pieces, how.shape), _pictures):
        yield from batches
        if error is not None:
            raise error


def _groups(pieces: Iterable[Piece], shape: tuple[int, int, int]) -> Iterator[Piece]:
    count = _count(shape)
    for piece in pieces:
        for start in range(0, len(piece.names), count):
            yield Piece(piece.names[start : start + count], piece.samples[start : start + count])


def _pictures(piece: Piece) -> int:
    return len(piece.names)


def _count(shape: tuple[int, int, int]) -> int:
    return max(1, min(_GROUP_COUNT, _GROUP_BYTES // int(np.prod(shape))))


def _source(stored: StoredSet, piece: Piece) -> FileSource:
    by_name: dict[str, bytes] = dict(zip(piece.names, piece.samples, strict=True))  # of pictures they are files
    return FileSource(stored.where, tuple(piece.names), by_name.__getitem__)
