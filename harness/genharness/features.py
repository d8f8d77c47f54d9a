"""Features of samples: extracted once, in chunks, and cached by content.

A cache entry is a folder named by the hash of all that its content depends on. It holds arrays and their
checksum; an entry that does not match its checksum is thrown away and computed again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.atomic import write_text
from genharness.checksums import file_digest
from genharness.kit.extractor import Extracted, Extractor
from genharness.protocol import short_hash

__all__ = ["FeatureCache", "extract"]

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
        """Return the entry of a key, computing and keeping it where it is missing or damaged."""
        entry = self.folder / short_hash(dict(key), digits=24)
        found = _read(entry)
        if found is None:
            found = compute()
            self._write(entry, key, found)
        return found

    def _write(self, entry: Path, key: Mapping[str, Any], content: Extracted) -> None:
        """Write an entry; its `entry.json` comes last, so that an entry without one does not count."""
        shutil.rmtree(entry, ignore_errors=True)
        try:
            entry.mkdir(parents=True)
            arrays = {"features": content.features, "logits": content.logits}
            kept = {name: array for name, array in arrays.items() if array is not None}
            for name, array in kept.items():
                np.save(entry / f"{name}.npy", array)
            digests = {name: file_digest(entry / f"{name}.npy", "sha256") for name in kept}
            write_text(entry / "entry.json", json.dumps({"key": dict(key), "sha256": digests}, indent=1))
        except OSError:  # a cache that cannot be written costs time, not a result
            shutil.rmtree(entry, ignore_errors=True)


def _read(entry: Path) -> Extracted | None:
    """Return an entry, or None where it is missing or does not match its checksum."""
    try:
        digests = json.loads((entry / "entry.json").read_text())["sha256"]
        for name, digest in digests.items():
            if file_digest(entry / f"{name}.npy", "sha256") != digest:
                return None
        arrays = {name: np.load(entry / f"{name}.npy", allow_pickle=False) for name in digests}
        return Extracted(features=arrays["features"], logits=arrays.get("logits"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
