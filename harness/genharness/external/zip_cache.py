"""Zips and folders of pictures, decoded once: what they hold is kept by their content, as features are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray

from genharness.errors import DataError
from genharness.files.checksums import file_digest
from genharness.files.home import home
from genharness.identity.contents import content_of
from genharness.identity.parts import core_code
from genharness.images.draw import SeededDraw
from genharness.images.sample_file import SampleFile
from genharness.images.samples import read_samples
from genharness.measure.feature_cache import FeatureCache
from genharness.spec.dataset_name import Fit
from genharness.spec.report import Report

__all__ = ["read_or_recall"]

MOST_BYTES = 64 << 20
"""Largest zip, or folder by all its files, whose pictures are kept."""

_MOST_FILES = 100_000
"""Files of such a folder; a link that leads in a circle has more."""


def read_or_recall(
    path: Path,
    *,
    size: int | None,
    report: Report,
    beside: int = 0,
    draw: SeededDraw | None = None,
    fit: Fit | None = None,
) -> SampleFile:
    """Return what `genharness.images.read_samples` gives; pictures of a small zip or folder are decoded once.

    Raises:
        DataError: As `read_samples`.
    """
    try:
        if not _is_small(path):
            return read_samples(path, size=size, report=report, beside=beside, draw=draw, fit=fit)
        digest = file_digest(path, "sha256") if path.is_file() else f"folder {content_of(path)}"
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check its permissions") from error
    code = {"code": core_code("decoding").digest, "pillow": PIL.__version__}
    key = {"decoded": digest, "size": size, **({"beside": beside} if beside else {}), **({"fit": fit} if fit else {})}
    kept = FeatureCache(home() / "features").arrays(
        {**key, **code}, lambda: _arrays(read_samples(path, size=size, report=report, beside=beside, fit=fit))
    )
    return _samples(str(path), kept)


def _is_small(path: Path) -> bool:
    """Whether it is a zip or a folder whose pictures are kept."""
    if path.is_file():
        return path.suffix.lower() == ".zip" and path.stat().st_size <= MOST_BYTES
    size = count = 0
    for place, _, names in os.walk(path, followlinks=True):
        count += len(names)
        size += sum(file.stat().st_size for name in names if (file := Path(place, name)).is_file())
        if size > MOST_BYTES or count > _MOST_FILES:
            return False
    return count > 0


def _arrays(found: SampleFile) -> dict[str, NDArray[Any]]:
    words = {
        "class_names": found.class_names,
        "touched": dict(found.touched),
        "widened": found.widened,
        "notes": found.notes,
        "white": found.white,
    }
    arrays: dict[str, NDArray[Any]] = {"samples": found.samples}
    if found.labels is not None:
        arrays["labels"] = found.labels
    return {**arrays, "words": np.frombuffer(json.dumps(words).encode(), np.uint8)}


def _samples(where: str, kept: dict[str, NDArray[Any]]) -> SampleFile:
    words = json.loads(kept["words"].tobytes())
    return SampleFile(
        where,
        kept["samples"],
        kept.get("labels"),
        tuple(words["class_names"]),
        words["touched"],
        words["widened"],
        tuple(words["notes"]),
        white=words["white"],
    )
