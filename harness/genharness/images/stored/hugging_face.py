"""Hugging Face datasets: `hf:OWNER/NAME` through the library's own download, `hf:./FOLDER` as `save_to_disk` left it.

A saved folder is read as the Arrow files that it is, without the library. Of a dataset in the Hub no code is run:
`datasets` from version 4 has no scripts any more, and older ones are refused.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import orjson

from genharness.errors import ConfigError, DataError, reason
from genharness.files.packages import needed
from genharness.files.paths import printable
from genharness.files.regular import read_regular
from genharness.images.stored.arrow import open_arrow, stored_of
from genharness.images.stored.pieces import PIECE_COUNT, StoredSet

if TYPE_CHECKING:
    import pyarrow

__all__ = ["is_saved", "open_hub", "open_saved"]

_NAME = re.compile(r"(?P<name>[\w.-]+(/[\w.-]+)?)(:(?P<config>[\w.-]+))?", re.ASCII)
_MOST_STATE_BYTES = 1 << 24


def is_saved(folder: Path) -> bool:
    """Return whether a folder is one that `save_to_disk` wrote."""
    return any((folder / name).is_file() for name in ("dataset_dict.json", "state.json"))


def open_saved(folder: Path, samples: str = "", label: str = "") -> dict[str, StoredSet]:
    """Return the splits of a folder that `save_to_disk` wrote; one without splits has an empty name.

    Raises:
        DataError: If it is damaged, or names files outside of it.
    """
    if not (folder / "dataset_dict.json").is_file():
        return {"": _split(folder, samples, label)}
    names = _read(folder / "dataset_dict.json").get("splits")
    if not isinstance(names, list) or not all(isinstance(name, str) and _is_plain(name) for name in names):
        raise DataError(f"{folder / 'dataset_dict.json'} names no splits: save the dataset again")
    return {name: _split(folder / name, samples, label) for name in names}


def _split(folder: Path, samples: str, label: str) -> StoredSet:
    listed = _read(folder / "state.json").get("_data_files")
    names = [one.get("filename") for one in listed or [] if isinstance(one, dict)] if isinstance(listed, list) else []
    if not names or not all(isinstance(name, str) and _is_plain(name) for name in names):
        raise DataError(f"{folder / 'state.json'} names no files of this folder: save the dataset again")
    return open_arrow([folder / str(name) for name in names], str(folder), samples, label)


def _is_plain(name: str) -> bool:
    return bool(name) and name not in (".", "..") and not set(name) & set("/\\\0")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(read_regular(path, _MOST_STATE_BYTES))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({reason(error)}): save the dataset again") from error
    return found if isinstance(found, dict) else {}


def open_hub(name: str, samples: str = "", label: str = "") -> dict[str, StoredSet]:
    """Return the splits of a dataset in the Hub, which the library downloads or has.

    Args:
        name: `OWNER/NAME` or `NAME`, perhaps with `:CONFIG`.
        samples: Column of pictures; empty for the usual names.
        label: Column of labels, likewise.

    Raises:
        ConfigError: If the library is missing or too old, or this is no name.
        DataError: If the dataset cannot be had.
    """
    form = _NAME.fullmatch(name)
    if form is None:
        raise ConfigError(
            f"hf:{printable(name)} is no name such as hf:OWNER/NAME or hf:NAME:CONFIG, nor a path: hf:./PATH"
        )
    datasets = needed("datasets", "hf")
    if int(datasets.__version__.partition(".")[0]) < 4:
        raise ConfigError(
            f"datasets {datasets.__version__} may run code of strangers: pip install --upgrade 'genharness[hf]'"
        )
    absent = _host_that_is_not_found()
    try:
        with _offline(datasets) if absent else contextlib.nullcontext():
            found = datasets.load_dataset(form["name"], form["config"])
    except Exception as error:  # whatever the library, the network or the Hub raise
        if absent:
            raise DataError(
                f"hf:{name} cannot be had: {absent} is not found from here, and the library keeps no copy of it: go "
                "online, or name a folder as hf:./PATH"
            ) from error
        raise DataError(f"hf:{name} cannot be had ({type(error).__name__}: {reason(error)})") from error
    return {
        split: stored_of(data.features.arrow_schema, partial(_batches, data), f"hf:{name} {split}", samples, label)
        for split, data in found.items()
    }


def _host_that_is_not_found() -> str:
    """Return the Hub's host where its name leads nowhere; empty where it does, or a proxy would know."""
    host = urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co").hostname
    if host is None or getproxies():
        return ""
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return host
    return ""


@contextlib.contextmanager
def _offline(datasets: Any) -> Iterator[None]:
    """Let the library take what it keeps at once: without a network it tries for forty seconds before it does."""
    from huggingface_hub import constants

    before = datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before


def _batches(data: Any, columns: list[str]) -> Iterator[pyarrow.RecordBatch]:
    """Yield batches with every picture inside, also of a dataset that only names the files which it downloaded."""
    from datasets.table import embed_table_storage

    for table in data.select_columns(columns).with_format("arrow").iter(PIECE_COUNT // 4):
        yield from embed_table_storage(table).to_batches()
