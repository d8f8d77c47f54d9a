"""Installed distributions made of source text: what a stranger's package looks like to the core."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["install"]


def install(folder: Path, name: str, version: str, files: Mapping[str, str], entry_points: Mapping[str, str]) -> None:
    """Write into `folder`, which is to stand on the path, what pip would leave there of a distribution.

    Args:
        folder: Where to install it, as into `site-packages`.
        name: Of the distribution.
        version: Its version.
        files: Source text by path below the folder.
        entry_points: Modules by entry point, in the group `genharness`.
    """
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = (f"{entry} = {module}\n" for entry, module in entry_points.items())
    (info / "entry_points.txt").write_text(f"[genharness]\n{''.join(lines)}")
