"""Features of samples, and what is derived from them: computed once and cached by content.

A cache entry is a folder named by the hash of all that its content depends on. It holds arrays and their
checksum; an entry that does not match its checksum is thrown away and computed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.files.array_files import parsing_arrays
from genharness.files.atomic import replace_folder
from genharness.files.checksums import file_digest
from genharness.files.turns import made_once
from genharness.kit.extractor import Extracted, Extractor
from genharness.spec.protocol import short_hash

__all__ = ["FeatureCache", "extract"]

Arrays = dict[str, NDArray[Any]]

CHUNK = 1000
"""Samples given to an extractor at a time, for progress; extractors batch within."""


def extract(
    extractor: Extractor, samples: NDArray[Any], on_progress: Callable[[int], None] = lambda done: None
) -> Extracted:
    """Return the features of all samples.

    Args:
        extractor: What extracts.
        samples: Uint8 images `(n, c, h, w)` or float32 rows `(n, d)`.
        on_progress: Told how many are done.
    """
    parts = []
    for start in range(0, len(samples), CHUNK):
        parts.append(extractor.extract(np.ascontiguousarray(samples[start : start + CHUNK])))
        on_progress(min(start + CHUNK, len(samples)))
    logits = [part.logits for part in parts if part.logits is not None]
    return Extracted(
        features=np.concatenate([part.features for part in parts]),
        logits=np.concatenate(logits) if logits else None,
    )


class FeatureCache:
    """Arrays on disk, by the content they were made from.

    Args:
        folder: Where entries are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: Mapping[str, Any], compute: Callable[[], Extracted]) -> Extracted:
        """Return the features of a key, extracting and keeping them where they are missing or damaged."""

        def arrays() -> Arrays:
            found = compute()
            return {"features": found.features} | ({} if found.logits is None else {"logits": found.logits})

        kept = self.arrays(key, arrays)
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
            np.save(temporary / f"{name}.npy", array)
        digests = {name: file_digest(temporary / f"{name}.npy", "sha256") for name in arrays}
        text = json.dumps({"key": dict(key), "sha256": digests}, indent=1)
        (temporary / "entry.json").write_text(text, encoding="utf-8")


def _read(entry: Path) -> Arrays | None:
    """Return an entry, or None where it is missing or does not match its checksum."""
    try:
        digests = json.loads((entry / "entry.json").read_text())["sha256"]
        for name, digest in digests.items():
            if file_digest(entry / f"{name}.npy", "sha256") != digest:
                return None
        with parsing_arrays():
            return {name: np.load(entry / f"{name}.npy", allow_pickle=False) for name in digests} or None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
