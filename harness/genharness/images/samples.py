"""Reading a set of samples that anybody made: images of one size, or rows, in whatever files they are kept."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError
from genharness.files.free_memory import free_memory, refuse_beyond_memory
from genharness.files.paths import printable
from genharness.images.arrays import UNITS, SampleArrays, sort_arrays
from genharness.images.batches import Survey, decode_batches, survey
from genharness.images.decode import POLICIES as CHANGES
from genharness.images.decode import told_changes
from genharness.images.depth import Depth
from genharness.images.draw import FEWER, SeededDraw, chosen_of
from genharness.images.layout import LEFT_OUT, Layout, read_layout
from genharness.images.names import first_of
from genharness.images.peaks import Peaks
from genharness.images.resize import POLICIES
from genharness.images.rows import as_rows
from genharness.images.sample_file import SampleFile
from genharness.images.sources import open_source
from genharness.images.stored.labels import LabelBook
from genharness.images.stored.looking import Look, decoded, look
from genharness.images.stored.opening import kind_of, labelled_file, open_stored
from genharness.images.stored.pieces import Piece, StoredSet
from genharness.images.stored.whole import whole_columns
from genharness.images.tensors import as_uint8, load_npy, load_npz, named_labels, scalings_of
from genharness.spec.dataset_name import Fit
from genharness.spec.report import Report, silent

__all__ = ["read_images", "read_samples", "samples_of_array", "scaled_beside"]


def read_samples(
    path: Path,
    *,
    size: int | None = None,
    report: Report | None = None,
    beside: int = 0,
    draw: SeededDraw | None = None,
    fit: Fit | None = None,
) -> SampleFile:
    """Read a whole set of samples, images or rows, or refuse it.

    Args:
        path: A folder or zip of pictures (class folders give labels), or a .npy or .npz of images (three or four
            axes) or of rows (two axes), the .npz with `images` (or `samples`, `arr_0`, `x`) and perhaps `labels`; or
            what `genharness.images.stored` reads: .tar, .parquet, .h5, .csv, perhaps with `#label=COLUMN` behind it.
        size: Side to which images are fitted; when None, they must all have one size already.
        report: Told of the progress.
        beside: White of what they are compared with, where that had more than 8 bits: pictures of 16 bits are scaled by
            it where they can be.
        draw: Which samples are wanted, if not all: of an array that memory cannot hold they alone are taken.
        fit: How they are fitted: by default the short side is resized, and the centre cropped.

    Raises:
        DataError: If it is missing, empty, damaged, hostile, of mixed sizes, or of an unknown layout or range; each bad
            file is named with the reason. Or rows are empty, no numbers, or not finite.
    """
    found = _read(path, size, report, rows=True, beside=beside, draw=draw, fit=fit)
    return found if size is None or found.shape.modality == "tabular" else found.conformed(size, None, fit)


def read_images(path: Path, *, size: int | None = None, report: Report | None = None) -> SampleFile:
    """Read a whole set of images as `read_samples` does; an array of two axes is refused.

    Args:
        path: As `read_samples` takes it.
        size: Side to which pictures of a folder or zip are fitted; arrays stay as they are.
        report: Told of the progress.

    Raises:
        DataError: As `read_samples`.
    """
    return _read(path, size, report, rows=False)


def _read(
    path: Path,
    size: int | None,
    report: Report | None,
    *,
    rows: bool,
    beside: int = 0,
    draw: SeededDraw | None = None,
    fit: Fit | None = None,
) -> SampleFile:
    path, label = labelled_file(path)
    if not path.exists():
        raise DataError(f"{printable(path)} does not exist: give a folder, zip, .npz or .npy of images")
    suffix = path.suffix.lower()
    if path.is_dir() or suffix == ".zip":
        return _read_files(path, size, report, beside, fit)
    if suffix == ".npy":
        return samples_of_array(load_npy(path), None, str(path), rows=rows, beside=beside, draw=draw)
    if suffix == ".npz":
        return _read_npz(path, rows=rows, beside=beside, draw=draw)
    if kind := kind_of(path):
        stored = open_stored(kind, str(path), label=label)
        return _read_stored(stored, path, size, report, rows=rows, beside=beside, fit=fit)
    raise DataError(f"{path} is no folder, .zip, .npz, .npy, .tar, .parquet, .h5 or .csv: give one of these")


def _read_files(path: Path, size: int | None, report: Report | None, beside: int, fit: Fit | None) -> SampleFile:
    with open_source(path) as source:
        layout = read_layout(source.names, source.where, with_splits=False, read=source.read)
        names, labels = layout.splits["train"], layout.labels["train"]
        found = survey(source, names, report).beside(beside)
        height, width = _one_size(path, found, size)
        images = _room(path, (len(names), found.channels, height, width))
        touched, peaks = Counter[str](), Peaks()
        changes: dict[str, list[str]] = {}
        start = 0
        for batch in decode_batches(source, names, (found.channels, height, width), white=found.white, fit=fit):
            images[start : start + len(batch.images)] = batch.images
            start += len(batch.images)
            peaks.join(batch.peaks)
            if report:
                report(start, len(names), "decoding pictures")
            touched.update(resized=batch.resized, cropped=batch.cropped, converted=batch.converted)
            for change, some in batch.changes.items():
                changes.setdefault(change, []).extend(some)
    peaks.refuse(str(path))
    touched.update(left_out=len(layout.left_out), **{_key(change): len(some) for change, some in changes.items()})
    notes = _notes(layout, changes, found.depth)
    if touched["resized"] or touched["cropped"]:
        notes.append(f"{found.extremes()}: {POLICIES[fit]}")
    return SampleFile(
        str(path),
        images,
        np.asarray(labels, np.int64) if layout.labelled else None,
        layout.class_names,
        {key: count for key, count in touched.items() if count},
        touched["converted"] - len({name for some in changes.values() for name in some}),
        tuple(notes),
        white=found.depth.white if found.depth is not None else 0,
    )


def _one_size(path: Path, found: Survey, size: int | None) -> tuple[int, int]:
    if size is not None:
        return size, size
    if not found.uniform:
        raise DataError(
            f"{path} holds pictures of mixed sizes, {found.extremes()}: make them one size, or, where they "
            "are compared with --reference, give --resize-to SIDE"
        )
    return next(iter(found.sizes))


def _read_stored(
    splits: Mapping[str, StoredSet],
    path: Path,
    size: int | None,
    report: Report | None,
    *,
    rows: bool,
    beside: int,
    fit: Fit | None,
) -> SampleFile:
    """Return the one set of samples that stored files hold.

    Raises:
        DataError: If they hold several splits, or rows where images are asked for, or some are unusable.
    """
    if len(splits) > 1:
        raise DataError(f"{path} holds {first_of(list(splits))}: give the one set that is meant")
    ((split, stored),) = splits.items()
    book = LabelBook(str(path), stored.class_names)
    seen = look(stored, split, book, report or silent)
    labels, names = book.finish()
    if stored.kind == "pictures":
        found = _decoded(stored, seen, path, size, beside, fit)
    else:
        values = _all_values(stored)
        found = samples_of_array(values, None, str(path), rows=rows, beside=beside)
    return replace(
        found,
        labels=labels[split],
        class_names=names,
        notes=(*stored.notes, *found.notes),
        column_names=stored.column_names,
    )


def _all_values(stored: StoredSet) -> NDArray[Any]:
    """Return the values of all pieces as one array; joining them takes as much memory again."""
    parts: list[NDArray[Any]] = []
    have, free = 0, free_memory()
    for piece in stored.pieces():
        parts.append(_exact_values(stored, piece))
        have += parts[-1].nbytes
        if 2 * have > free:
            raise DataError(f"{stored.where} holds more than half of the memory that is free: {FEWER}")
    return np.concatenate(_of_one_type(stored, parts))


def _of_one_type(stored: StoredSet, parts: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return pieces, of which some may be whole numbers beyond 2^53, in a type that numpy joins without rounding."""
    if not any(part.dtype.kind in "iu" for part in parts) or len({part.dtype for part in parts}) == 1:
        return parts
    lowest, highest = min(int(part.min()) for part in parts), max(int(part.max()) for part in parts)
    kind = np.int64 if highest < 2**63 else np.uint64
    if lowest < np.iinfo(kind).min or not all((part == np.rint(part)).all() for part in parts):
        stored.note(_ROUNDED)
        return parts
    return [part.astype(kind) for part in parts]


_ROUNDED = "whole numbers beyond 2^53 are rounded beside columns of other numbers: prepare the table as a dataset"


def _exact_values(stored: StoredSet, piece: Piece) -> NDArray[Any]:
    """Return the values of a piece, whole numbers as such where float64 cannot hold them and it has no others."""
    values = np.asarray(piece.samples)
    if values.dtype.kind != "f" or not whole_columns(piece):
        return values
    whole = list(piece.whole.values())
    if len(whole) == values.shape[-1] and len({column.dtype for column in whole}) == 1:
        return np.column_stack(whole)
    stored.note(_ROUNDED)
    return values


def _decoded(stored: StoredSet, seen: Look, path: Path, size: int | None, beside: int, fit: Fit | None) -> SampleFile:
    found = Survey.of_all([seen.survey] if seen.survey is not None else []).beside(beside)
    images = _room(path, (seen.count, found.channels, *_one_size(path, found, size)))
    touched, changed, peaks, start = Counter[str](), Counter[str](), Peaks(), 0
    for piece in stored.pieces():
        for batch in decoded(stored, piece, images.shape[1:], white=found.white, fit=fit):
            images[start : start + len(batch.images)] = batch.images
            start += len(batch.images)
            peaks.join(batch.peaks)
            touched.update(resized=batch.resized, cropped=batch.cropped, converted=batch.converted)
            changed.update({change: len(names) for change, names in batch.changes.items()})
    peaks.refuse(str(path))
    notes = [f"16 bit brought to 8, {found.depth}"] if found.depth is not None else []
    notes += told_changes(changed)
    notes += [f"{found.extremes()}: {POLICIES[fit]}"] if touched["resized"] or touched["cropped"] else []
    touched.update({_key(change): count for change, count in changed.items()})
    counts = {key: count for key, count in touched.items() if count}
    white = found.depth.white if found.depth is not None else 0
    return SampleFile(str(path), images, touched=counts, notes=tuple(notes), white=white)


def _notes(layout: Layout, changes: Mapping[str, Sequence[str]], depth: Depth | None) -> list[str]:
    left_out = first_of(layout.left_out, _NAMED)
    notes = [f"{LEFT_OUT}: {left_out}"] if layout.left_out else []
    notes += [*layout.notes, *filter(None, [layout.taken])]
    policies = {**CHANGES, **({} if depth is None else {"16 bit": f"16 bit brought to 8, {depth}"})}
    return notes + [f"{policies.get(one, one)}: {first_of(some, _NAMED)}" for one, some in sorted(changes.items())]


def _room(path: Path, shape: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    count, channels, height, width = shape
    what = f"{path}: {count:,} pictures of {width}x{height}x{channels}"
    refuse_beyond_memory(
        math.prod(shape), what, "make them smaller with --resize-to, or with @SIZE behind the dataset's name"
    )
    return np.empty(shape, np.uint8)


_NAMED = 10
"""Files that one note names; it says how many more there are."""


def _key(change: str) -> str:
    return f"converted_{change.lower().replace(' ', '_')}"


def _read_npz(path: Path, *, rows: bool, beside: int, draw: SeededDraw | None) -> SampleFile:
    arrays = load_npz(path)
    found = sort_arrays(arrays, str(path), any_name=True)
    samples, labels = _one_set(found, path)
    of = arrays[labels] if labels else None
    read = samples_of_array(arrays[samples], of, str(path), rows=rows, beside=beside, draw=draw)
    raw = read.shape.modality == "tabular" and UNITS in arrays and str(arrays[UNITS]) == "raw"
    return replace(read, raw=raw, notes=(*found.notes, *read.notes))


def _one_set(found: SampleArrays, path: Path) -> tuple[str, str]:
    """Return the names of the samples and the labels (or empty) of a .npz that holds one set.

    Raises:
        DataError: If it holds several splits, or statistics only.
    """
    if len(found.samples) > 1:
        raise DataError(f"{path} holds {first_of(list(found.samples.values()))}: save the one set that is meant")
    if not found.samples:
        raise DataError(
            f"{path} holds statistics ({', '.join(found.statistics)}), not samples: it can only be a --reference"
        )
    ((split, name),) = found.samples.items()
    return name, found.labels.get(split, "")


def samples_of_array(
    array: NDArray[Any],
    labels: NDArray[Any] | None,
    where: str,
    *,
    rows: bool = True,
    beside: int = 0,
    draw: SeededDraw | None = None,
) -> SampleFile:
    """Return the samples that an array holds, by the rules of `read_samples`.

    Args:
        array: Images of three or four axes, or rows `(n, d)`.
        labels: Their classes: whole numbers, words, or one-hot rows; or None.
        where: What to call it in messages.
        rows: Whether two axes are rows; else they are refused.
        beside: White of what they are compared with, as `read_samples` takes it.
        draw: Likewise.

    Raises:
        DataError: As `read_samples`, and if memory cannot hold what is wanted of it.
    """
    note, white = "", 0
    chosen = chosen_of(array, where, draw)
    wanted = array if chosen is None else array[chosen]
    if rows and array.ndim == 2:
        samples = as_rows(wanted, where)
    else:
        scaling = scalings_of({where: array}, beside)[where]
        (samples, note), white = as_uint8(wanted, where, scaling), scaling.white
    of, names = (None, ()) if labels is None else named_labels(labels, len(array), f"{where}: labels")
    notes = [note] if note else []
    if chosen is not None and draw is not None:
        of = None if of is None else of[chosen]
        notes.append(draw.note(len(array)))
    touched = {"converted": len(samples)} if note else {}
    deep = wanted if white else None
    return SampleFile(where, samples, of, names, touched, notes=tuple(notes), white=white, deep=deep)


def scaled_beside(found: SampleFile, white: int) -> SampleFile:
    """Return images in memory that had more than 8 bits as they are beside others whose white is known; else the same.

    Args:
        found: As `samples_of_array` gave them.
        white: White of what they are compared with; 0 where that has 8 bits.
    """
    if found.deep is None or white in (0, found.white):
        return found
    anew = samples_of_array(found.deep, None, found.where, beside=white)
    return replace(found, samples=anew.samples, notes=anew.notes, white=anew.white)
