"""Prepare a folder or zip of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genharness import DataError
from genharness.data import PrepareRequest, stratified_split
from genharness.data.from_pictures import asked_shape, native_shape, note_shapes, write_pictures
from genharness.images import LEFT_OUT, FileSource, Header, Layout, Survey, first_of, open_source, read_layout, survey
from genharness.images.stored.opening import kind_of

TEST_FRACTION = 0.2


def prepare(request: PrepareRequest) -> None:
    """Write the pictures of `folder:PATH` or `zip:PATH`.

    Raises:
        DataError: If the path is of another kind, the tree has no clear meaning, or a picture is unusable.
    """
    path = Path(request.reference.path or "")
    _check_kind(request.spec.name, path)
    with open_source(path) as source:
        layout = read_layout(source.names, source.where, read=source.read)
        request.writer.describe(class_names=layout.class_names, source=f"{request.spec.name} {path.name}")
        try:
            _write_at_once(request, layout, source)
        except DataError:  # not all alike, or not all readable: which, and why, the whole look says
            request.writer.restart()
            _write_after_a_look(request, layout, source)


def _write_at_once(request: PrepareRequest, layout: Layout, source: FileSource) -> None:
    """Write pictures that are all like the first, which is all that was looked at: each is opened once.

    Raises:
        DataError: They are not, or some cannot be used. What was written is wrong.
    """
    everything = [name for names in layout.splits.values() for name in names]
    first = survey(source, everything[:1])
    if first.depth is not None:
        raise DataError(f"{source.where}: its pictures have more than 8 bits, of which white is to be found")
    shape = asked_shape(request, native_shape(request, first))
    headers: dict[str, Header] = {}
    for split, (names, labels) in _splits(request, layout, source.where).items():
        with request.writer.split(split, count=len(names), shape=shape) as output:
            seen = write_pictures(request, output, source, names, labels, shape, like=first.headers[0])
        headers |= zip(names, seen, strict=True)
    _note(request, layout, Survey(tuple(everything), tuple(headers[name] for name in everything)), shape)


def _write_after_a_look(request: PrepareRequest, layout: Layout, source: FileSource) -> None:
    """Write pictures of any sizes and depths, whose headers were all looked at first."""
    everything = [name for names in layout.splits.values() for name in names]
    found = survey(source, everything, request.report)
    shape = asked_shape(request, native_shape(request, found))
    _note(request, layout, found, shape)
    for split, (names, labels) in _splits(request, layout, source.where).items():
        with request.writer.split(split, count=len(names), shape=shape) as output:
            write_pictures(request, output, source, names, labels, shape, white=found.white)


def _check_kind(kind: str, path: Path) -> None:
    if not path.exists():
        raise DataError(f"{path} does not exist: give an existing path as {kind}:PATH")
    if kind == "folder" and not path.is_dir():
        raise DataError(f"{path} is no folder: write {_asked_for(path)}")
    if kind == "zip" and path.is_dir():
        raise DataError(f"{path} is a folder: write folder:{path}")


def _asked_for(path: Path) -> str:
    """Return how what a file holds is asked for: by the kind its name ends in; a picture by the folder it is in."""
    ending = path.suffix.lower()
    kind = ending[1:] if ending in (".zip", ".npz") else kind_of(path)
    return f"{kind}:{path}" if kind else f"folder:{path.parent}"


def _note(request: PrepareRequest, layout: Layout, found: Survey, shape: tuple[int, int, int]) -> None:
    if layout.left_out:
        request.writer.note(f"{LEFT_OUT}: {first_of(layout.left_out)}")
    for note in (*layout.notes, *filter(None, [layout.taken])):
        request.writer.note(note)
    note_shapes(request, found, shape)
    if "test" not in layout.splits:
        request.writer.note(f"no test folder: {TEST_FRACTION:.0%} of all are the test split, stratified, seed 0")


def _splits(
    request: PrepareRequest, layout: Layout, where: str
) -> dict[str, tuple[list[str], NDArray[np.int64] | None]]:
    """Return names and labels of each split; the test split is taken from train where there is none."""
    labelled = layout.labelled
    splits = {
        split: (names, np.asarray(layout.labels[split], np.int64) if labelled else None)
        for split, names in layout.splits.items()
    }
    if "test" in splits:
        return splits
    names, labels = splits["train"]
    if len(names) < 2:
        raise DataError(f"{where} holds one picture only: two at least make a train and a test split")
    parts = zip(("train", "test"), stratified_split(labels, len(names), TEST_FRACTION), strict=True)
    taken = {split: ([names[i] for i in chosen], None if labels is None else labels[chosen]) for split, chosen in parts}
    return {**splits, **taken}
