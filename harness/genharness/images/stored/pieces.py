"""What every reader of stored samples gives: pieces of a set, from the beginning as often as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from genharness.errors import DataError
from genharness.files.paths import printable
from genharness.images.names import first_of

__all__ = ["LABEL_NAMES", "PIECE_BYTES", "PIECE_COUNT", "Kind", "Piece", "StoredSet", "label_column", "one_of"]

Kind = Literal["pictures", "arrays", "rows"]

PIECE_COUNT = 1024
PIECE_BYTES = 1 << 26
"""A reader ends a piece at whichever comes first, one sample at least."""

LABEL_NAMES = ("label", "labels", "class", "classes", "target", "targets", "category", "cls", "y", "fine_label")
"""Columns and fields that are taken for labels, the first of them that is there."""


@dataclass(frozen=True)
class Piece:
    """Some samples, in their order.

    Attributes:
        names: What to call each in messages; no two of a set alike.
        samples: Pictures, each as the file that it was; else numbers: arrays of images `(n, ...)`, or rows `(n, d)`.
        labels: Whole numbers or words, one each; None where there are none.
        whole: Of rows, columns of whole numbers by their places, exact, where `samples` may hold them rounded.
    """

    names: Sequence[str]
    samples: Sequence[bytes] | NDArray[Any]
    labels: Sequence[Any] | NDArray[Any] | None = None
    whole: Mapping[int, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredSet:
    """One set of samples, or one split of it.

    Attributes:
        where: What to call it in messages.
        kind: What its pieces hold.
        pieces: Gives all samples, from the beginning each time it is called.
        class_names: Names in label order, where the file knows them.
        column_names: Of rows.
        notes: What was taken or left out, a line each; a reader may add some while it reads.
    """

    where: str
    kind: Kind
    pieces: Callable[[], Iterator[Piece]]
    class_names: tuple[str, ...] = ()
    column_names: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def note(self, line: str) -> None:
        """Add a line once."""
        if line not in self.notes:
            self.notes.append(line)


def one_of(name: str, there: Sequence[str], where: str, what: str = "column") -> str:
    """Return a name that was asked for.

    Raises:
        DataError: If it is not there; the message lists what is.
    """
    if name in there:
        return name
    raise DataError(f"{where} has no {what} {printable(name)}: it has {first_of(list(there), 12) or 'none'}")


def label_column(asked: str, there: Sequence[str], where: str) -> str:
    """Return the column of labels: the one asked for, or the first of a usual name; empty for none.

    Raises:
        DataError: If the one asked for is not there.
    """
    if asked:
        return one_of(asked, there, where)
    usual = {name.lower(): name for name in reversed(there)}
    return next((usual[name] for name in LABEL_NAMES if name in usual), "")
