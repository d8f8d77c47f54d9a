"""Decoding many pictures into arrays of one shape: bounded memory, several threads, no bad file passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError
from genharness.files.ahead import in_order
from genharness.files.archives import UnreadableError
from genharness.files.paths import printable
from genharness.files.regular import what_to_do
from genharness.images.decode import BadImageError, Decoded, Header, decode_image, read_depth, read_header
from genharness.images.depth import FULL, Depth, of_all
from genharness.images.peaks import Peaks, peak_of
from genharness.images.resize import changes_of, fit_image
from genharness.images.sources import FileSource
from genharness.spec.dataset_name import Fit
from genharness.spec.report import Report

__all__ = ["Pictures", "Survey", "decode_batches", "survey"]

_BATCH_BYTES = 1 << 24
_BATCH_COUNT = 256
_NAMED = 50
"""Bad files that one message names."""

T = TypeVar("T")
_Fitted = tuple[NDArray[np.uint8], tuple[bool, bool, bool], Decoded]


@dataclass(frozen=True)
class Survey:
    """What the headers of many pictures say.

    Attributes:
        headers: Of each picture, in order.
        names: Of each picture, in order.
        depth: Values of the grey ones of more than 8 bits, None where there are none.
    """

    names: tuple[str, ...]
    headers: tuple[Header, ...]
    depth: Depth | None = None

    @classmethod
    def of_all(cls, parts: Sequence[Survey]) -> Survey:
        """Join what was seen of the pieces of one set."""
        names = tuple(name for part in parts for name in part.names)
        headers = tuple(header for part in parts for header in part.headers)
        return cls(names, headers, of_all(part.depth for part in parts if part.depth is not None))

    def beside(self, white: int) -> Survey:
        """Return it as it is beside others whose white is known; 0 where that is not, or has 8 bits."""
        return self if self.depth is None else replace(self, depth=replace(self.depth, beside=white))

    @property
    def white(self) -> int:
        """The value of grey pictures of more than 8 bits that becomes 255."""
        return FULL if self.depth is None else self.depth.white

    @property
    def sizes(self) -> set[tuple[int, int]]:
        """Every (height, width) that occurs."""
        return {(header.height, header.width) for header in self.headers}

    @property
    def uniform(self) -> bool:
        """Whether all have one size."""
        return len(self.sizes) == 1

    @property
    def short_side(self) -> int:
        """The smallest short side, in pixels."""
        return min(min(size) for size in self.sizes)

    @property
    def channels(self) -> int:
        """1 where all are grey, else 3."""
        return 1 if all(header.grey for header in self.headers) else 3

    def extremes(self) -> str:
        """Return the smallest and the largest picture in words, or the size of all."""
        sizes = {(header.width, header.height) for header in self.headers}
        if len(sizes) == 1:
            return "{}x{}".format(*sizes.pop())
        order = sorted(range(len(self.names)), key=lambda i: self.headers[i].width * self.headers[i].height)
        return " to ".join(map(self._size_of, (order[0], order[-1])))

    def _size_of(self, place: int) -> str:
        return f"{self.headers[place].width}x{self.headers[place].height} ({printable(self.names[place])})"


@dataclass(frozen=True)
class Pictures:
    """Decoded pictures.

    Attributes:
        images: uint8 `(n, c, h, w)`.
        resized: How many were resampled.
        cropped: How many lost their edges.
        converted: How many changed mode, channels or depth.
        changes: What was done to single pictures to make them plain 8-bit grey or RGB, such as `palette`, and to which.
        headers: Of each that could be decoded, in order.
        peaks: The largest values, before they were fitted; those of more than 8 bits count as 255.
    """

    images: NDArray[np.uint8]
    resized: int
    cropped: int
    converted: int
    changes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headers: tuple[Header, ...] = ()
    peaks: Peaks = field(default_factory=Peaks)


def survey(source: FileSource, names: Sequence[str], report: Report | None = None) -> Survey:
    """Read the header of every picture.

    Raises:
        DataError: If some are no pictures; the message names each with the reason, and those that fail only once
            they are decoded too.
    """
    looked = _of_each(source, names, read_header, report, "looking at pictures")
    headers = tuple(one for one in looked if isinstance(one, Header))
    if len(headers) < len(names):
        decoded = _of_each(source, names, _decodable, report, "looking for all pictures that cannot be used")
        reasons = [(name, one) for name, one in zip(names, decoded, strict=True) if isinstance(one, str)]
        _refuse(source, [f"{printable(name)} ({reason})" for name, reason in reasons], len(names))
    return Survey(tuple(names), headers, _depth(source, names, headers, report))


def _depth(source: FileSource, names: Sequence[str], headers: Sequence[Header], report: Report | None) -> Depth | None:
    """Return the values of the grey pictures of more than 8 bits.

    Raises:
        DataError: If white cannot be told, or too little of colours remains in the 8 bits that Pillow reads of them.
    """
    deep = [(name, header.grey) for name, header in zip(names, headers, strict=True) if header.deep]

    def depth(picked: list[str]) -> Depth | None:
        found = _of_each(source, picked, read_depth, report, "looking for white in pictures of 16 bits")
        return of_all(one for one in found if isinstance(one, Depth))

    grey, colours = (depth([name for name, is_grey in deep if is_grey is wanted]) for wanted in (True, False))
    if grey is not None and grey.high == 1:
        raise DataError(f"{source.where}: 16-bit pictures hold only 0 and 1: whether 1 is white cannot be told")
    if colours is not None and colours.white < FULL:
        raise DataError(
            f"{source.where}: colours, or grey with transparency, of 16 bits reach {colours.high:,} of {FULL:,}, "
            f"which leaves {colours.high // 257 + 1} levels of 256: save them with 8 bits"
        )
    return grey


def _decodable(content: bytes) -> None:
    decode_image(content)


def _of_each(
    source: FileSource, names: Sequence[str], use: Callable[[bytes], T], report: Report | None, doing: str
) -> list[T | str]:
    """Return what `use` makes of every file, or the reason why it cannot."""
    groups = [names[start : start + _BATCH_COUNT] for start in range(0, len(names), _BATCH_COUNT)]

    def read(group: Sequence[str]) -> list[T | str]:
        return [_or_reason(source, name, use) for name in group]

    found: list[T | str] = []
    for some in in_order(read, groups, len):
        found += some
        if report:
            report(len(found), len(names), doing)
    return found


def decode_batches(
    source: FileSource,
    names: Sequence[str],
    shape: tuple[int, int, int],
    *,
    white: int = FULL,
    fit: Fit | None = None,
    like: Header | None = None,
) -> Iterator[Pictures]:
    """Yield all pictures in order, fitted to one shape.

    Args:
        source: Where they lie.
        names: Which, in order.
        shape: `(channels, height, width)`; pictures of another size are made square, so it must then be square.
        white: The value of grey pictures of 16 bits that becomes 255; `Survey.white` knows it of a whole set.
        fit: How those of another size are made square.
        like: What all must be like, where only one was looked at: of its size, without colours where it has none, and
            of 8 bits; others cannot be used.

    Raises:
        DataError: After the last batch, if some were unreadable; the message names each with the reason.
    """
    count = max(1, min(_BATCH_COUNT, _BATCH_BYTES // (shape[0] * shape[1] * shape[2])))
    groups = [names[start : start + count] for start in range(0, len(names), count)]
    bad: list[str] = []

    def decode(group: Sequence[str]) -> tuple[Pictures, list[str]]:
        return _decode_group(source, group, lambda content: _fit(content, shape, white, fit, like), shape)

    for batch, reasons in in_order(decode, groups, len):
        bad += reasons
        yield batch
    _refuse(source, bad, len(names))


def _decode_group(
    source: FileSource, names: Sequence[str], use: Callable[[bytes], _Fitted], shape: tuple[int, int, int]
) -> tuple[Pictures, list[str]]:
    images = np.zeros((len(names), *shape), np.uint8)
    bad, counts = [], np.zeros(3, np.int64)
    changed: dict[str, list[str]] = {}
    headers, peaks = list[Header](), Peaks()
    for index, name in enumerate(names):
        fitted = _or_reason(source, name, use)
        if isinstance(fitted, str):
            bad.append(f"{printable(name)} ({fitted})")
            continue
        images[index], touched, decoded = fitted
        headers.append(decoded.header)
        peaks.add(name, 255 if decoded.header.deep else peak_of(decoded.image))
        counts += touched
        for change in decoded.changes:
            changed.setdefault(change, []).append(name)
    resized, cropped, converted = counts.tolist()
    by_change = {key: tuple(some) for key, some in changed.items()}
    return Pictures(images, resized, cropped, converted, by_change, tuple(headers), peaks), bad


def _fit(content: bytes, shape: tuple[int, int, int], white: int, fit: Fit | None, like: Header | None) -> _Fitted:
    """Return one picture as `(c, h, w)`, whether it was resized, cropped, converted, and what was decoded."""
    decoded = decode_image(content, white)
    if like is not None and not _is_like(decoded.header, like):
        raise BadImageError("it is not like the first")
    image = decoded.image
    channels, height, width = shape
    converted = bool(decoded.changes) or (image.mode == "RGB") != (channels == 3)
    old_width, old_height = image.size
    if image.mode == "RGB" and channels == 1:
        image = image.convert("L")
    if (old_height, old_width) != (height, width):
        image = fit_image(image, height, fit)
    pixels = np.asarray(image)
    planes = np.broadcast_to(pixels, shape) if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    changed = (old_height, old_width) != (height, width)
    resized, cropped = changes_of(old_height, old_width, height, fit) if changed else (False, False)
    return planes, (resized, cropped, converted), decoded


def _is_like(one: Header, like: Header) -> bool:
    return (one.width, one.height) == (like.width, like.height) and not one.deep and (one.grey or not like.grey)


def _or_reason(source: FileSource, name: str, use: Callable[[bytes], T]) -> T | str:
    """Return what `use` makes of a file, or the reason why it cannot."""
    try:
        return use(source.read(name))
    except UnreadableError as error:
        return error.reason
    except (BadImageError, DataError) as error:
        return str(error)
    except OSError as error:
        if not isinstance(error, PermissionError) and (advice := what_to_do(error)):  # nobody is to remove a good one
            raise DataError(f"{source.where}: {name} cannot be read ({error.strerror}): {advice}") from error
        return error.strerror or str(error)


def _refuse(source: FileSource, bad: Sequence[str], total: int) -> None:
    if bad:
        more = f"; and {len(bad) - _NAMED:,} more" if len(bad) > _NAMED else ""
        listed = "; ".join(bad[:_NAMED])
        raise DataError(
            f"{source.where}: {len(bad):,} of {total:,} pictures cannot be used, mend or remove them: {listed}{more}"
        )
