"""Features of samples, and what is derived from them: computed once and cached by content.

A cache entry is a folder named by the hash of all that its content depends on. It holds arrays and their
checksum; an entry that does not match its checksum is thrown away and computed again.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from genharness.files.array_files import parsing_arrays
from genharness.files.atomic import replace_folder
from genharness.files.checksums import file_digest
from genharness.files.mapped import empty_on_disk, let_go
from genharness.files.turns import made_once
from genharness.kit.extractor import Extracted, Extractor
from genharness.spec.protocol import short_hash

__all__ = ["FeatureCache", "extract"]

Arrays = dict[str, NDArray[Any]]

CHUNK = 1000
"""Samples given to an extractor at a time, for progress; extractors batch within."""

IN_MEMORY = 64 << 20
"""Bytes of an array from which on it is mapped instead of held: whoever reads all of it then has it mapped, and nobody
holds two."""


def extract(
    extractor: Extractor, samples: NDArray[Any], on_progress: Callable[[int], None] = lambda done: None
) -> Extracted:
    """Return the features of all samples.

    Args:
        extractor: What extracts.
        samples: Uint8 images `(n, c, h, w)` or float32 rows `(n, d)`.
        on_progress: Told how many are done.
    """
    features, logits = _Rows(len(samples)), _Rows(len(samples))
    for start in range(0, len(samples), CHUNK):
        part = extractor.extract(np.ascontiguousarray(samples[start : start + CHUNK]))
        features.add(part.features)
        if part.logits is not None:
            logits.add(part.logits)
        on_progress(min(start + CHUNK, len(samples)))
    return Extracted(features=features.joined(), logits=logits.joined() if logits else None)


class _Rows:
    """Rows that come in parts. Memory for all is taken at the first: on the disk, where there is space, for many.

    Args:
        count: How many will come.
    """

    def __init__(self, count: int) -> None:
        self._count, self._come = count, 0
        self._rows: NDArray[Any] = np.empty(0)

    def __len__(self) -> int:
        """Return how many have come."""
        return self._come

    def add(self, part: NDArray[Any]) -> None:
        """Take in the next rows."""
        if not self._come:
            self._rows = _empty((self._count, *part.shape[1:]), part.dtype)
        self._rows[self._come : self._come + len(part)] = part
        self._come += len(part)
        let_go(self._rows)

    def joined(self) -> NDArray[Any]:
        """Return those that have come."""
        return self._rows[: self._come]


def _empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    if math.prod(shape) * dtype.itemsize > IN_MEMORY:
        with contextlib.suppress(OSError):
            return empty_on_disk(shape, dtype)
    return np.empty(shape, dtype)


def _named(extracted: Extracted) -> Arrays:
    return {"features": extracted.features} | ({} if extracted.logits is None else {"logits": extracted.logits})


class FeatureCache:
    """Arrays on disk, by the content they were made from.

    Args:
        folder: Where entries are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: Mapping[str, Any], compute: Callable[[], Extracted]) -> Extracted:
        """Return the features of a key, extracting and keeping them where they are missing or damaged."""
        kept = self.arrays(key, lambda: _named(compute()))
        return Extracted(features=kept["features"], logits=kept.get("logits"))

    def arrays(self, key: Mapping[str, Any], compute: Callable[[], Arrays]) -> Arrays:
        """Return the entry of a key, computing and keeping it where it is missing or damaged.

        Of several processes that want the same entry one computes it, and the others wait for it.
        """
        entry = self.folder / short_hash(dict(key), digits=24)
        return made_once(entry, read=partial(_read, entry), make=compute, write=partial(_write, entry, key))


def _write(entry: Path, key: Mapping[str, Any], arrays: Arrays) -> None:
    """Write an entry, whole or not at all."""
    with replace_folder(entry) as temporary:
        for name, array in arrays.items():
            _save(temporary / f"{name}.npy", array)
        digests = {name: file_digest(temporary / f"{name}.npy", "sha256") for name in arrays}
        text = json.dumps({"key": dict(key), "sha256": digests}, indent=1)
        (temporary / "entry.json").write_text(text, encoding="utf-8")


def _save(path: Path, array: NDArray[Any]) -> None:
    """Write an array as `np.save` does, letting go of what is mapped on the way."""
    if not isinstance(array, np.memmap):
        np.save(path, array)
        return
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        for start in range(0, len(array), CHUNK):
            array[start : start + CHUNK].tofile(file)
            let_go(array)


def _read(entry: Path) -> Arrays | None:
    """Return an entry, or None where it is missing or does not match its checksum."""
    try:
        digests = json.loads((entry / "entry.json").read_text())["sha256"]
        for name, digest in digests.items():
            if file_digest(entry / f"{name}.npy", "sha256") != digest:
                return None
        with parsing_arrays():
            return {name: _loaded(entry / f"{name}.npy") for name in digests} or None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _loaded(path: Path) -> NDArray[Any]:
    """Return an array; a large one as a map that may be written to, as one in memory, and is never written back."""
    mode: Literal["c"] | None = "c" if path.stat().st_size > IN_MEMORY else None
    loaded: NDArray[Any] = np.load(path, mmap_mode=mode, allow_pickle=False)
    return loaded
