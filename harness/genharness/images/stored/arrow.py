"""Parquet files and Arrow streams: a column of pictures with one of labels, or a table of numbers.

Pictures are encoded files, as `binary` or as Hugging Face's `{bytes, path}`; a path is never followed. Names of classes
are those that Hugging Face's libraries write into the schema. pyarrow is imported when such a file is opened.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from genharness.errors import DataError, reason
from genharness.files.packages import needed
from genharness.files.paths import printable
from genharness.images.names import first_of
from genharness.images.stored.label_columns import LabelColumn
from genharness.images.stored.pieces import PIECE_BYTES, PIECE_COUNT, Piece, StoredSet, label_column, one_of

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Batches", "open_arrow", "stored_of"]

_PICTURES = ("image", "img", "picture", "photo", "images", "png", "jpg", "jpeg", "webp")
_BUFFER_BYTES = 1 << 20
_ROWS = 256
"""Most rows that are decoded at a time; fewer where they are large, as pyarrow holds all of a batch."""

Batches = Callable[[list[str]], Iterator["pyarrow.RecordBatch"]]
"""Gives all rows of some columns, from the beginning each time."""


@dataclass(frozen=True)
class _Columns:
    samples: tuple[str, ...]
    label: str
    pictures: bool
    left_out: tuple[str, ...]
    notes: tuple[str, ...] = ()


def open_arrow(files: Sequence[Path], where: str, samples: str = "", label: str = "") -> StoredSet:
    """Return what parquet files or Arrow streams hold, one after another.

    Args:
        files: All of one schema.
        where: What to call them in messages.
        samples: Column of pictures; empty for the usual names, or the only one.
        label: Column of labels; empty for one of the usual names, or a table's only column of words.

    Raises:
        DataError: If one is damaged, schemas differ, or no column can be samples.
        ConfigError: If pyarrow is not installed.
    """
    schemas = [_schema(path) for path in files]
    for path, schema in zip(files, schemas, strict=True):
        if not schema.equals(schemas[0]):
            raise DataError(f"{path} has other columns than {files[0].name}: give files of one schema")

    def batches(columns: list[str]) -> Iterator[pyarrow.RecordBatch]:
        for path in files:
            with _reading(path):
                yield from _batches_of(path, columns)

    return stored_of(schemas[0], batches, where, samples, label)


def stored_of(schema: pyarrow.Schema, batches: Batches, where: str, samples: str = "", label: str = "") -> StoredSet:
    """Return the samples in batches of one schema.

    Args:
        schema: Of every batch.
        batches: Gives them.
        where: What to call them in messages.
        samples: As for `open_arrow`.
        label: As for `open_arrow`.

    Raises:
        DataError: If no column can be samples.
    """
    columns = _chosen(schema, batches, where, samples, label)
    asked = [*columns.samples, *([columns.label] if columns.label else [])]

    def pieces() -> Iterator[Piece]:
        start = 0
        for batch in batches(asked):
            if batch.num_rows:
                yield _piece(batch, columns, where, start)
                start += batch.num_rows

    return StoredSet(
        where,
        "pictures" if columns.pictures else "rows",
        pieces,
        _class_names(schema, columns.label),
        () if columns.pictures else columns.samples,
        _notes(columns),
    )


def _notes(columns: _Columns) -> list[str]:
    notes = [f"labels: the column {printable(columns.label)}"] if columns.label else []
    return [*notes, *columns.notes] + ([f"not used: {first_of(columns.left_out)}"] if columns.left_out else [])


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say of a file why it cannot be read."""
    try:
        yield
    except (DataError, GeneratorExit):
        raise
    except PermissionError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check its permissions") from error
    except Exception as error:  # a damaged file may raise anything from pyarrow's readers
        raise DataError(f"{path} is damaged or no parquet or Arrow file ({reason(error)}): save it again") from error


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _schema(path: Path) -> pyarrow.Schema:
    arrow = needed("pyarrow", "parquet")
    with _reading(path):
        if _is_parquet(path):
            found: pyarrow.Schema = needed("pyarrow.parquet", "parquet").ParquetFile(path).schema_arrow
        else:
            with arrow.memory_map(str(path)) as file:
                found = _reader(arrow, file).schema
    return found


def _reader(arrow: Any, file: Any) -> Any:
    """Return the reader of an Arrow file or stream."""
    magic = file.read(6)
    file.seek(0)
    return arrow.ipc.open_file(file) if magic == b"ARROW1" else arrow.ipc.open_stream(file)


def _batches_of(path: Path, columns: list[str]) -> Iterator[pyarrow.RecordBatch]:
    arrow = needed("pyarrow", "parquet")
    if _is_parquet(path):
        # without `pre_buffer` pages are read as they come: a row group of a gigabyte is never in memory whole
        file = needed("pyarrow.parquet", "parquet").ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES)
        yield from file.iter_batches(_rows_at_a_time(file.metadata), columns=columns, use_threads=False)
        return
    with arrow.memory_map(str(path)) as file:
        reader = _reader(arrow, file)
        whole = (
            (reader.get_batch(i) for i in range(reader.num_record_batches)) if hasattr(reader, "get_batch") else reader
        )
        for batch in whole:
            for start in range(0, batch.num_rows, PIECE_COUNT):
                yield batch.select(columns).slice(start, PIECE_COUNT)


def _rows_at_a_time(metadata: Any) -> int:
    groups = range(metadata.num_row_groups)
    size = sum(metadata.row_group(group).total_byte_size for group in groups) / max(metadata.num_rows, 1)
    return max(1, min(_ROWS, int(PIECE_BYTES / max(size, 1))))


def _chosen(schema: pyarrow.Schema, batches: Batches, where: str, samples: str, label: str) -> _Columns:
    """Return which columns are samples and which is the label.

    Raises:
        DataError: If none can be samples, or several are pictures and none was named.
    """
    names = list(schema.names)
    if len(set(names)) < len(names):
        raise DataError(f"{where} has two columns of one name: call them differently")
    pictures = [name for name in names if _holds_files(schema.field(name).type)]
    if samples:
        one_of(samples, names, where)
        if samples not in pictures:
            kind = str(schema.field(samples).type)[:40]
            raise DataError(
                f"{where}: column {printable(samples)} is {kind}, and no pictures: # names a column of encoded ones; "
                "of a table of numbers all columns are taken"
            )
    picture = samples or next((name for name in _PICTURES if name in pictures), "")
    if not picture and len(pictures) > 1:
        several = f"{len(pictures)} columns of pictures ({first_of(pictures)})"
        raise DataError(f"{where} has {several}: name one as a dataset, parquet:PATH#NAME")
    picture = picture or next(iter(pictures), "")
    named = label_column(label, [name for name in names if name != picture], where)
    words = [name for name in names if not picture and _is_of_words(schema.field(name).type)]
    candidates = [label] if label else [named, *(words if len(words) == 1 else ())]
    chosen, notes = _label_of(schema, batches, where, candidates, asked=bool(label), beside=bool(picture))
    rest = [name for name in names if name not in (picture, chosen)]
    if picture:
        return _Columns((picture,), chosen, pictures=True, left_out=tuple(rest), notes=notes)
    return _Columns(tuple(_numbers(schema, rest, where)), chosen, pictures=False, left_out=(), notes=notes)


def _label_of(
    schema: pyarrow.Schema, batches: Batches, where: str, candidates: Sequence[str], *, asked: bool, beside: bool
) -> tuple[str, tuple[str, ...]]:
    """Return the first of some columns that is one of labels, empty for none, and why others are not.

    Raises:
        DataError: If the one that was asked for is not.
    """
    import pyarrow.types as types

    notes: list[str] = []
    for name in dict.fromkeys(filter(None, candidates)):
        kind = schema.field(name).type
        if not (_may_label(kind) or types.is_floating(kind)):
            if asked:
                raise DataError(f"{where}: column {printable(name)} is {kind}: labels are whole numbers or words")
            continue
        if not types.is_floating(kind) and (asked or beside or _class_names(schema, name)):
            return name, tuple(notes)
        seen = LabelColumn(where, name)
        for batch in batches([name]):
            seen.add(_decoded(batch.column(name)).to_pylist(), points=types.is_floating(kind))
            if seen.is_settled:
                break
        if asked:
            seen.refuse_measured()
        elif why := seen.why_measured():
            notes.append(why)
            continue
        return name, tuple(notes)
    return "", tuple(notes)


def _numbers(schema: pyarrow.Schema, names: Sequence[str], where: str) -> Sequence[str]:
    import pyarrow.types as types

    kinds = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
    other = [name for name in names if not any(is_kind(schema.field(name).type) for is_kind in kinds)]
    if other:
        told = ", ".join(f"{printable(name)} ({str(schema.field(name).type)[:40]})" for name in other[:5])
        what_to_do = (
            "save pictures as encoded files (bytes), or as an array (npz:, h5:)"
            if any(types.is_nested(schema.field(name).type) for name in other)
            else "leave them out of the file, or name one as a dataset's label, parquet:PATH#label=NAME"
        )
        raise DataError(f"{where}: columns {told} are neither numbers nor pictures: {what_to_do}")
    if not names:
        raise DataError(f"{where} has no column of pictures and none of numbers")
    return names


def _holds_files(kind: pyarrow.DataType) -> bool:
    import pyarrow.types as types

    if types.is_struct(kind):
        return any(field.name == "bytes" and _holds_files(field.type) for field in kind)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _may_label(kind: pyarrow.DataType) -> bool:
    import pyarrow.types as types

    return bool(types.is_integer(kind) or types.is_boolean(kind) or _is_of_words(kind))


def _is_of_words(kind: pyarrow.DataType) -> bool:
    import pyarrow.types as types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _class_names(schema: pyarrow.Schema, label: str) -> tuple[str, ...]:
    """Return the names of classes that Hugging Face's libraries write beside the columns."""
    try:
        info: Mapping[str, Any] = orjson.loads((schema.metadata or {})[b"huggingface"])
        names = info["info"]["features"][label]["names"]
    except (KeyError, TypeError, ValueError):
        return ()
    known = isinstance(names, list) and all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    return tuple(names) if known else ()


def _piece(batch: pyarrow.RecordBatch, columns: _Columns, where: str, start: int) -> Piece:
    names = [f"row {start + row}" for row in range(batch.num_rows)]
    labels = None
    if columns.label:
        column = _without_gaps(batch.column(columns.label), columns.label, where, start)
        labels = column.to_pylist()
    if columns.pictures:
        return Piece(names, _files(batch.column(columns.samples[0]), columns.samples[0], where, start), labels)
    parts = [_without_gaps(batch.column(name), name, where, start) for name in columns.samples]
    values = [part.to_numpy(zero_copy_only=False) for part in parts]
    whole = {place: column for place, column in enumerate(values) if column.dtype.kind in "iu"}
    return Piece(names, np.column_stack([column.astype(np.float64) for column in values]), labels, whole)


def _files(column: Any, name: str, where: str, start: int) -> list[bytes]:
    import pyarrow.types as types

    column = _without_gaps(column, name, where, start)
    if types.is_struct(column.type):
        column = column.field("bytes")
        if column.null_count:
            row = start + column.is_null().to_pylist().index(True)
            raise DataError(
                f"{where}: column {printable(name)} only names a file in row {row}, and paths are never followed: "
                "save the pictures in the column"
            )
    files: list[bytes] = column.to_pylist()
    return files


def _without_gaps(column: Any, name: str, where: str, start: int) -> Any:
    if column.null_count:
        row = start + column.is_null().to_pylist().index(True)
        raise DataError(f"{where}: column {printable(name)} is empty in row {row}: fill it, or leave the row out")
    return _decoded(column)


def _decoded(column: Any) -> Any:
    return column.dictionary_decode() if hasattr(column, "dictionary_decode") else column
