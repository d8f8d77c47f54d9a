"""From stored samples to the splits of a prepared dataset: looked through once, then decoded or standardised in pieces.

Small pictures that are all alike are decoded at that first look. Memory stays at a few pieces and a header a sample,
whatever the size of the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genharness.data.decoded_ahead import AlikePictures, Decoding, decode_ahead, decode_alike
from genharness.data.from_pictures import asked_shape, native_shape, note_shapes
from genharness.data.request import PrepareRequest
from genharness.data.splits import stratified_split
from genharness.data.units import Moments
from genharness.data.writer import SplitWriter
from genharness.errors import DataError
from genharness.images.batches import Survey
from genharness.images.names import SPLITS
from genharness.images.ranges import Scaling, Values
from genharness.images.stored.labels import LabelBook
from genharness.images.stored.looking import Look, look
from genharness.images.stored.pieces import Piece, StoredSet
from genharness.images.stored.whole import counted
from genharness.images.tensors import channels_first

__all__ = ["TEST_FRACTION", "write_stored"]

TEST_FRACTION = 0.2

Labels = NDArray[np.int64] | None


@dataclass(frozen=True)
class _Part:
    """Samples of one piece that go to one split."""

    piece: Piece
    split: str
    places: NDArray[np.int64]
    labels: Labels


@dataclass(frozen=True)
class _Set:
    """A set, what was seen of it, and which split each of its samples goes to."""

    stored: StoredSet
    look: Look
    labels: Labels
    splits: tuple[str, ...]
    goes_to: NDArray[np.int8]
    alike: AlikePictures | None = None

    def parts(self) -> Iterator[_Part]:
        """Yield its samples in order, divided."""
        start = 0
        for piece in self.stored.pieces():
            end = start + len(piece.names)
            for split, places, labels in self.divided(start, end):
                yield _Part(piece, split, places, labels)
            start = end

    def divided(self, start: int, end: int) -> Iterator[tuple[str, NDArray[np.int64], Labels]]:
        """Yield the splits of some samples, with the places of each among them, and their labels.

        Raises:
            DataError: If there are more than were looked at.
        """
        if end > self.look.count:
            raise DataError(f"{self.stored.where} grew while it was read: prepare it again")
        for number, split in enumerate(self.splits):
            places = np.flatnonzero(self.goes_to[start:end] == number)
            if len(places):
                yield split, places, None if self.labels is None else self.labels[start + places]


def write_stored(request: PrepareRequest, splits: Mapping[str, StoredSet]) -> None:
    """Write stored samples; where they have no test split, a fifth of each class becomes it.

    Args:
        request: What is prepared.
        splits: The set of each split; one of an empty name, or `train` alone, is divided.

    Raises:
        DataError: If some cannot be used, or do not go together.
    """
    splits = _named(request, splits)
    book = _book(request, splits)
    with decode_alike(request, splits, book) as alike:
        looks = {split: one.look for split, one in alike.items()}
        if not alike:
            book = _book(request, splits)
            looks = {split: look(stored, split, book, request.report) for split, stored in splits.items()}
        labels, class_names = book.finish()
        request.writer.describe(class_names=class_names, source=f"{request.spec.name} {_short(request)}")
        sets = [
            _divided(request, split, one, looks[split], labels[split], "test" in splits)
            for split, one in splits.items()
        ]
        _write(request, [replace(one, alike=alike.get(one.splits[0])) for one in sets])
    for note in dict.fromkeys(note for one in sets for note in one.stored.notes):
        request.writer.note(note)


def _book(request: PrepareRequest, splits: Mapping[str, StoredSet]) -> LabelBook:
    return LabelBook(str(request.reference), next(iter(splits.values())).class_names)


def _write(request: PrepareRequest, sets: list[_Set]) -> None:
    kinds = {one.stored.kind for one in sets}
    if len(kinds) > 1:
        raise DataError(f"{request.reference}: its splits hold {' and '.join(sorted(kinds))}: give one kind")
    {"pictures": _write_pictures, "arrays": _write_arrays, "rows": _write_rows}[kinds.pop()](request, sets)


def _named(request: PrepareRequest, splits: Mapping[str, StoredSet]) -> dict[str, StoredSet]:
    """Return the splits that a dataset may have; of others a note says that they are left out."""
    names = {split: SPLITS.get(split.lower(), "") if split else "train" for split in splits}
    known = {names[split]: stored for split, stored in splits.items() if names[split]}
    if "train" not in known:
        raise DataError(
            f"{request.reference} has the splits {', '.join(splits)} and none called train: give one that has"
        )
    left_out = [split for split in splits if not names[split]]
    if left_out:
        request.writer.note(f"splits that are none of train, test and validation were left out: {', '.join(left_out)}")
    return {split: known[split] for split in ("train", "validation", "test") if split in known}


def _short(request: PrepareRequest) -> str:
    path = request.reference.path or ""
    return path.rpartition("/")[2] if path.startswith("/") else path


def _divided(request: PrepareRequest, split: str, stored: StoredSet, found: Look, labels: Labels, tested: bool) -> _Set:
    goes_to = np.zeros(found.count, np.int8)
    if split != "train" or tested:
        return _Set(stored, found, labels, (split,), goes_to)
    if found.count < 2:
        raise DataError(f"{request.reference} holds one sample only: two at least make a train and a test split")
    goes_to[stratified_split(labels, found.count, TEST_FRACTION)[1]] = 1
    request.writer.note(f"no test split: {TEST_FRACTION:.0%} of all are the test split, stratified, seed 0")
    return _Set(stored, found, labels, ("train", "test"), goes_to)


def _outputs(request: PrepareRequest, sets: list[_Set], shape: tuple[int, ...] | None = None) -> dict[str, SplitWriter]:
    """Begin the splits, train first; those of one set are written at the same time."""
    counts = {split: int((one.goes_to == number).sum()) for one in sets for number, split in enumerate(one.splits)}
    return {split: request.writer.split(split, count=count, shape=shape) for split, count in counts.items()}


def _write_pictures(request: PrepareRequest, sets: list[_Set]) -> None:
    found = Survey.of_all([one.look.survey for one in sets if one.look.survey is not None])
    shape = asked_shape(request, native_shape(request, found))
    note_shapes(request, found, shape)
    outputs, done = _outputs(request, sets, shape), 0
    for one in sets:
        start = 0
        for images in _images(request, one, Decoding(shape, found.white, request.reference.fit)):
            for split, places, labels in one.divided(start, start + len(images)):
                outputs[split].write(images[places], labels)
            start += len(images)
            request.report(done + start, len(found.names), "decoding" if one.alike is None else "writing")
        done += start


def _images(request: PrepareRequest, one: _Set, how: Decoding) -> Iterator[NDArray[np.uint8]]:
    """Yield the pictures of a set in order, counting what had to be changed."""
    if one.alike is not None:
        yield from one.alike.images()
        return
    for batch in decode_ahead(one.stored, one.stored.pieces(), how):
        request.writer.decoded(batch)
        yield batch.images


def _write_arrays(request: PrepareRequest, sets: list[_Set]) -> None:
    shapes = {one.look.shape for one in sets}
    if len(shapes) > 1:
        raise DataError(f"{request.reference}: its splits hold images of shapes {sorted(shapes)}: give one")
    where = str(request.reference)
    scaling = Values.of_all([one.look.values for one in sets if one.look.values is not None]).scaling(where)
    request.writer.describe(white=scaling.white)
    outputs = _outputs(request, sets)
    for one in sets:
        for part in one.parts():
            images = _as_bytes(part, scaling, where)
            outputs[part.split].write(images, part.labels)
            request.writer.touched(converted=len(images) if scaling.note else 0)
            request.report(outputs[part.split].count, 0, f"writing {part.split}")
    if scaling.note:
        request.writer.note(scaling.note)


def _as_bytes(part: _Part, scaling: Scaling, where: str) -> NDArray[np.uint8]:
    images = channels_first(np.asarray(part.piece.samples), where)
    return np.ascontiguousarray(scaling.taken(images[part.places]))


def _write_rows(request: PrepareRequest, sets: list[_Set]) -> None:
    if request.reference.variant:
        raise DataError(f"{request.reference} is a table: it has no {request.reference.variant}")
    columns = {one.stored.column_names for one in sets}
    if len(columns) > 1 or len({one.look.shape for one in sets}) > 1:
        raise DataError(f"{request.reference}: its splits have different columns: give all the same")
    origins = {place: origin for one in reversed(sets) for place, origin in one.look.origins.items()}
    moments = Moments()
    for one in sets:
        for part in one.parts():
            if part.split == "train":
                moments.add(counted(part.piece, origins)[part.places])
    units, constant = moments.units()
    names = columns.pop()
    request.writer.describe(column_names=names, units=units.moved(origins))
    request.writer.note("columns have mean 0 and standard deviation 1 over the train split")
    if len(constant):
        request.writer.note(f"{len(constant)} columns never change over the train split: {_some(names, constant)}")
    if origins:
        request.writer.note(
            f"whole numbers beyond 2^53 are counted from the first of their column, and are rounded where they are "
            f"shown in their own units: {_some(names, sorted(origins))}"
        )
    outputs = _outputs(request, sets)
    for one in sets:
        for part in one.parts():
            rows = units.standardised(counted(part.piece, origins)[part.places])
            outputs[part.split].write(rows.astype(np.float32), part.labels)


def _some(names: Sequence[str], places: Sequence[int]) -> str:
    return ", ".join(names[place] if names else str(place) for place in places[:5])
