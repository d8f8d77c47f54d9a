"""Checksums: what a `Remote` promises and what a file has."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genharness.errors import PluginError
from genharness.spec.plugins import Remote

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["array_digest", "file_digest", "has_checksum", "mismatch", "promised"]


def promised(remote: Remote) -> tuple[str, str]:
    """Return the algorithm and the hexadecimal digest to check: SHA-256 where given, else MD5.

    Raises:
        PluginError: If the record has neither.
    """
    if remote.sha256:
        return "sha256", remote.sha256.lower()
    if remote.md5:
        return "md5", remote.md5.lower()
    raise PluginError(f"no checksum is given for {remote.filename}: set sha256 or md5 of its Remote")


def file_digest(path: Path, algorithm: str) -> str:
    """Return the hexadecimal digest of a file's content.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def array_digest(array: NDArray[Any]) -> str:
    """Return the SHA-256 of an array's type, shape and values."""
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode())
    digest.update((array if array.flags.c_contiguous else array.copy()).data)
    return digest.hexdigest()


def has_checksum(path: Path, remote: Remote) -> bool:
    """Return whether a file has the promised content.

    Raises:
        OSError: If it cannot be read.
    """
    return not mismatch(path, remote)


def mismatch(path: Path, remote: Remote) -> str:
    """Return `"has md5 X, not Y"` in a sentence's middle, or `""` when the content is the promised one.

    Raises:
        OSError: If it cannot be read.
    """
    algorithm, expected = promised(remote)
    actual = file_digest(path, algorithm)
    return "" if actual == expected else f"has {algorithm} {actual}, not {expected}"
