"""What a cell's folder keeps beside its record, read for figures: samples, features, classes, realism, pictures.

Everything may be missing, since users choose what is kept and publish what they like; then there is None.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.figures.latents import LatentMap, read_latents
from genharness.figures.tiles import Tiles, read_tiles
from genharness.files.regular import read_regular
from genharness.results.cell_folder import CellFolder
from genharness.spec.record import Record

__all__ = ["KeptCell"]

_MOST_KEY_BYTES = 1 << 24
"""Of what tells of kept features."""

_GRID_COLUMNS = 8
_MOST_BYTES = 1 << 31


class KeptCell:
    """The files of one cell.

    Args:
        folder: Its folder; it may be gone.
        record: Its record, which names the files.
    """

    def __init__(self, folder: CellFolder, record: Record) -> None:
        self._folder, self._record = folder, record
        self._entries: list[tuple[Path, Mapping[str, Any]]] | None = None

    @property
    def train_steps(self) -> float:
        """How many steps it was trained; 0 where nothing tells."""
        return self._record.measurements.get("train_steps") or 0.0

    def grid(self) -> Tiles | None:
        """Return the first samples."""
        return self._picture("grid", _GRID_COLUMNS)

    def strip(self) -> Tiles | None:
        """Return samples of one seed as training went on, one moment a row of eight."""
        return self._picture("strip", _GRID_COLUMNS)

    def reconstructions(self) -> Tiles | None:
        """Return held-out samples, each with what the model makes of it after it."""
        return self._picture("reconstructions", _GRID_COLUMNS)

    def nearest(self) -> Tiles | None:
        """Return samples, each with the training sample that is nearest to it after it."""
        return self._picture("nearest_train", _GRID_COLUMNS)

    def interpolation(self) -> Tiles | None:
        """Return ways between two codes, ten samples each."""
        return self._picture("interpolation", 10)

    def latents(self) -> LatentMap | None:
        """Return the codes of held-out samples in a plane."""
        return read_latents(self._folder.latents)

    def _picture(self, name: str, columns: int) -> Tiles | None:
        return read_tiles(self._folder.picture(name), columns)

    def samples(self) -> tuple[Tiles | None, NDArray[np.int64] | None]:
        """Return all samples of image data and the classes that were asked for, each None where it is not kept."""
        path = self._folder.samples
        try:
            if path.stat().st_size > _MOST_BYTES:
                return None, None
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                images = arrays.get("images")
                labels = arrays.get("labels")
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None, None
        if images is None or images.ndim != 4 or images.dtype != np.uint8 or images.shape[1] not in (1, 3):
            return None, None
        return images.transpose(0, 2, 3, 1), labels

    def realism(self, count: int) -> NDArray[np.float64] | None:
        """Return how realistic each of so many samples is (Kynkäänniemi et al. 2019), larger is more."""
        for path, key in self._features():
            if "derived" in key:
                found = self._array(path / "realism.npy")
                if found is not None and found.shape == (count,):
                    return found.astype(np.float64)
        return None

    def features(self) -> NDArray[np.float32] | None:
        """Return the features of the samples by the protocol's extractor, `(n, d)`."""
        extractor = self._record.cell.protocol.extractor
        for path, key in self._features():
            if "derived" not in key and key.get("extractor") == extractor:
                found = self._array(path / "features.npy")
                if found is not None and found.ndim == 2:
                    return found.astype(np.float32)
        return None

    def predicted(self) -> NDArray[np.int64] | None:
        """Return the class that the dataset's classifier sees in each sample, and how many there are beside it."""
        for path, key in self._features():
            if "derived" not in key and key.get("extractor") == "classifier":
                found = self._array(path / "logits.npy")
                if found is not None and found.ndim == 2 and found.shape[1] > 1:
                    return np.bincount(found.argmax(axis=1), minlength=found.shape[1])
        return None

    def _features(self) -> list[tuple[Path, Mapping[str, Any]]]:
        if self._entries is None:
            self._entries = []
            try:
                folders = sorted(self._folder.features.iterdir())
            except OSError:
                return self._entries
            for folder in folders:
                key = _key(folder)
                if key is not None:
                    self._entries.append((folder, key))
        return self._entries

    def _array(self, path: Path) -> NDArray[Any] | None:
        try:
            found: NDArray[Any] | None = np.load(path, allow_pickle=False) if path.is_file() else None
        except (OSError, ValueError, EOFError):
            return None
        return found if found is not None and np.isfinite(found).all() else None


def _key(folder: Path) -> Mapping[str, Any] | None:
    try:
        key = json.loads(read_regular(folder / "entry.json", _MOST_KEY_BYTES))["key"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return key if isinstance(key, dict) else None
