"""Digests of source code: results that are kept count only while the code that gave them is the same."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from pathlib import Path

__all__ = ["code_digest"]


@cache
def code_digest(*packages: str) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of the source files of packages, or of single modules.

    Args:
        packages: Importable names, such as `genharness.kit`.

    Raises:
        ModuleNotFoundError: If one cannot be found.
    """
    digest = hashlib.sha256()
    for package in packages:
        for name, path in _sources(package):
            content = path.read_bytes()
            digest.update(f"{package} {name} {len(content)} ".encode())
            digest.update(content)
    return digest.hexdigest()[:16]


def _sources(package: str) -> list[tuple[str, Path]]:
    found = importlib.util.find_spec(package)
    if found is None:
        raise ModuleNotFoundError(f"there is no package {package}")
    folders = [Path(folder) for folder in found.submodule_search_locations or ()]
    files = [(str(path.relative_to(folder)), path) for folder in folders for path in folder.rglob("*.py")]
    if not folders and found.origin is not None:
        files = [(Path(found.origin).name, Path(found.origin))]
    return sorted(files)
