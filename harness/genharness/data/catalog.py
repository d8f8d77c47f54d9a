"""What is prepared in the user's data folder."""

from __future__ import annotations

from pathlib import Path

from genharness.data.meta import read_meta
from genharness.data.prepare import data_home
from genharness.data.prepared import PreparedData
from genharness.errors import DataError

__all__ = ["prepared_datasets"]


def prepared_datasets() -> tuple[list[PreparedData], dict[Path, str]]:
    """Return every prepared dataset, by name, and the folders that are damaged with the reason.

    Arrays are not looked into: see `verify_arrays`.
    """
    good, bad = [], {}
    folders = sorted(data_home().iterdir()) if data_home().is_dir() else []
    for folder in folders:
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        try:
            good.append(PreparedData(folder, read_meta(folder)))
        except DataError as error:
            bad[folder] = str(error)
    return sorted(good, key=lambda data: data.name), bad
