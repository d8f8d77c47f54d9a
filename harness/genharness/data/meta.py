"""What is known of a prepared dataset: the `meta.json` beside its arrays."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genharness.errors import DataError
from genharness.files.regular import read_regular, what_to_do
from genharness.images.depth import FULL
from genharness.spec.plugins import Modality
from genharness.spec.typed import typed

__all__ = [
    "SCHEMA_VERSION",
    "DamagedMetaError",
    "DatasetMeta",
    "combined_hash",
    "read_meta",
    "samples_file",
    "write_meta",
]

SCHEMA_VERSION = 1


class DamagedMetaError(DataError):
    """The record of a prepared folder is missing, damaged, changed by hand, or of another version: prepare it again."""


@dataclass(frozen=True)
class DatasetMeta:
    """What a prepared dataset is and where it came from.

    Attributes:
        name: Canonical reference, such as `cifar10@64#5000`.
        modality: `image` or `tabular`.
        shape: `(channels, height, width)` or `(columns,)` of one sample.
        class_names: Names in label order, empty for unlabelled data.
        column_names: Names of a table's columns, else empty.
        counts: Samples of each split.
        content_hash: SHA-256 over the arrays of all splits, whatever they are called or where they lie.
        arrays: SHA-256 of each array's raw values by its path in the folder.
        source: Where it came from.
        licence: Licence or terms.
        touched: How many samples were `resized`, `cropped` or `converted` (mode, channels, bit depth).
        notes: What a user should know, a line each.
        source_state: Fingerprint of a parametric dataset's files when it was prepared, else empty.
        derived_from: Content hash of the preparation that a variant was made from, else empty.
        offsets: What was taken off each column of a table to standardise it; empty where nothing was, or is known.
        scales: What each column was divided by after that.
        origins: Whole numbers that were taken off columns before that, exactly; empty where there was no need.
        white: The value that became 255 where pictures had more than 8 bits, else 0.
        code: Digest of the code that prepared it; empty where that was before code was noted.
        schema_version: Version of this record.
    """

    name: str
    modality: Modality
    shape: tuple[int, ...]
    class_names: tuple[str, ...]
    counts: Mapping[str, int]
    content_hash: str
    arrays: Mapping[str, str]
    column_names: tuple[str, ...] = ()
    source: str = ""
    licence: str = ""
    touched: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    source_state: str = ""
    derived_from: str = ""
    offsets: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    origins: tuple[int, ...] = ()
    white: int = 0
    code: str = ""
    schema_version: int = SCHEMA_VERSION


def combined_hash(arrays: Mapping[str, str]) -> str:
    """Return one SHA-256 for the hashes of all arrays."""
    return hashlib.sha256(json.dumps(dict(arrays), sort_keys=True).encode()).hexdigest()


def write_meta(folder: Path, meta: DatasetMeta) -> None:
    """Write `meta.json` into a folder that is still private to the writer."""
    plain = dataclasses.asdict(meta)
    text = json.dumps({**plain, _DIGEST: _digest(plain)}, indent=2)
    (folder / "meta.json").write_text(text + "\n", encoding="utf-8")


def read_meta(folder: Path) -> DatasetMeta:
    """Return the record of a prepared folder.

    Raises:
        DamagedMetaError: If it is missing, damaged, changed by hand or of another schema version; the message names
            the file.
        DataError: If the machine cannot read it, which says nothing of it.
    """
    path = folder / "meta.json"
    try:
        plain: Any = json.loads(read_regular(path, _MOST_BYTES))
        if plain["schema_version"] != SCHEMA_VERSION:
            raise DamagedMetaError(f"{path} has schema version {plain['schema_version']!r}, not {SCHEMA_VERSION}")
        digest = plain.pop(_DIGEST, None)
        meta = typed(DatasetMeta, plain)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, OSError) and (advice := what_to_do(error)):
            raise DataError(f"{path} cannot be read ({error.strerror}): {advice}") from error
        raise DamagedMetaError(f"{path} is unreadable ({type(error).__name__}: {error})") from error
    if wrong := _contradiction(meta):
        raise DamagedMetaError(f"{path} is damaged ({wrong})")
    if digest not in (None, _digest(plain)):  # none: it was written before there was one
        raise DamagedMetaError(f"{path} was changed after it was written (its digest is that of other content)")
    return meta


_DIGEST = "digest"
"""Key of the SHA-256 of everything else: names of classes and a table's units are in no array's hash."""


def _digest(plain: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def samples_file(modality: str) -> str:
    """Return the file name of a split's samples."""
    return "rows.npy" if modality == "tabular" else "images.npy"


def _contradiction(meta: DatasetMeta) -> str:
    """Return what cannot be, though every value has its type; empty where all can."""
    sides = 3 if meta.modality == "image" else 1
    columns = meta.shape[0] if len(meta.shape) == 1 else 0
    labelled = any(name.endswith("/labels.npy") for name in meta.arrays)
    files = (samples_file(meta.modality), *(("labels.npy",) if labelled else ()))
    expected = {f"{split}/{file}" for split in meta.counts for file in files}
    units = (len(meta.offsets), len(meta.scales))
    checks = {
        "its splits are not train, test and perhaps validation": {"train", "test"} <= meta.counts.keys() <= _SPLITS,
        "a split is empty": min(meta.counts.values(), default=0) > 0,
        f"its shape {meta.shape} is that of no sample": len(meta.shape) == sides and min(meta.shape, default=0) > 0,
        "its arrays are not those of its splits": meta.arrays.keys() == expected,
        "it has classes without labels, or labels without classes": bool(meta.class_names) == labelled,
        "its content hash is not that of its arrays": meta.content_hash == combined_hash(meta.arrays),
        "its units are not those of its columns": units in ((0, 0), (columns, columns))
        and len(meta.origins) in (0, len(meta.offsets)),
        "a column's scale is not above 0": min(meta.scales, default=1.0) > 0,
        f"white cannot be {meta.white}": 0 <= meta.white <= FULL,
    }
    return next((wrong for wrong, fine in checks.items() if not fine), "")


_SPLITS = {"train", "validation", "test"}
_MOST_BYTES = 1 << 28
"""A million names of classes would take a tenth of it."""
