"""What is kept under `$GENHARNESS_HOME` only to save time, and can be had again.

Features and what is derived from them, scores of samples made elsewhere, downloaded weights, digests of source, and
what plugins keep in folders of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genharness.errors import RunError
from genharness.files.atomic import delete
from genharness.files.home import home

__all__ = ["KINDS", "CacheEntry", "cache_entries", "clear_entry"]

KINDS = ("features", "scores", "tables", "weights", "code")
"""Folders that the harness itself keeps such things in; plugins name theirs (`Spec.caches`)."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One thing that is kept.

    Attributes:
        kind: Folder of `$GENHARNESS_HOME` that it is in.
        path: File or folder.
        text: What it holds, in words.
        size_bytes: Bytes on the disk.
        written_at: Seconds since the epoch.
    """

    kind: str
    path: Path
    text: str
    size_bytes: int
    written_at: float


def cache_entries(kinds: Iterable[str]) -> list[CacheEntry]:
    """Return what is kept in some folders of `$GENHARNESS_HOME`, largest first within each."""
    return [entry for kind in kinds for entry in sorted(_entries(kind), key=lambda one: -one.size_bytes)]


def _entries(kind: str) -> Iterator[CacheEntry]:
    folder = home() / kind
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix == ".lock":
            continue
        try:
            files = [item.stat() for item in ([*path.rglob("*")] if path.is_dir() else [path]) if item.is_file()]
            written = path.stat().st_mtime
        except FileNotFoundError:  # another process has just replaced it
            continue
        yield CacheEntry(kind, path, _words(kind, path), sum(one.st_size for one in files), written)


def _words(kind: str, path: Path) -> str:
    if path.name.startswith("."):
        return "left by a run that was cut short, or being written"
    try:
        if kind == "features":
            return _feature_words(json.loads((path / "entry.json").read_text(encoding="utf-8"))["key"])
        if kind == "scores":
            return _score_words(json.loads(path.read_text(encoding="utf-8"))["content"]["key"])
        if kind == "tables" and path.suffix == ".txt":
            return "a leaderboard as it was last shown"
        if kind == "tables":
            with path.open("rb") as file:
                return f"index of the records{file.readline(5000)[8:].decode()}".strip()
    except (OSError, ValueError, KeyError, TypeError):
        return "damaged: rebuilt when it is needed"
    return _CODE_WORDS.get(path.name, path.name) if kind == "code" else path.name


_CODE_WORDS = {"meanings.json": "digests of source files", "contents.json": "digests of large files that options name"}


def _feature_words(key: dict[str, Any]) -> str:
    if "decoded" in key:
        return f"pictures of zip {key['decoded'][:10]}"
    if "derived" in key:
        sets = " and ".join(_set_words(one) for one in key["of"].values())
        return f"{key['derived']}, by {key['extractor']} of {sets}"
    resize = f", resize {key['resize']}" if key.get("resize") else ""
    return f"{key['extractor']} of {_set_words(key)}{resize}"


def _set_words(key: dict[str, Any]) -> str:
    if "dataset" not in key:
        return f"samples {key['samples'][:10]}"
    count = f", {key['count']:,} of it" if "count" in key else ""
    return f"{key['split']} split of dataset {key['dataset'][:10]}{count}"


def _score_words(key: dict[str, Any]) -> str:
    of = "real data beside itself" if "bands" in key else f"samples {key['samples'][:10]}"
    return f"{key['metric']} by {key['protocol']['extractor']} of {of}"


def clear_entry(entry: CacheEntry) -> None:
    """Delete an entry; one that is already gone is fine.

    Raises:
        RunError: If it cannot be deleted.
    """
    try:
        delete(entry.path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(f"{entry.path} cannot be deleted ({error.strerror}): check its permissions") from error
