"""Pictures as file content, and files as a folder, a zip or a tar: how data reaches genharness."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

__all__ = ["as_folder", "as_tar", "as_zip", "encoded"]


def encoded(picture: Any, form: str = "PNG", **options: Any) -> bytes:
    """Return a picture, a Pillow image or uint8 pixels `(h, w)` or `(h, w, 3)`, as content of a file."""
    stream = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(stream, form, **options)
    return stream.getvalue()


def as_folder(files: Mapping[str, bytes], path: Path) -> Path:
    """Write files into a folder, and return it."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def as_zip(files: Mapping[str, bytes], path: Path) -> Path:
    """Write files into a zip, and return its path."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def as_tar(files: Mapping[str, bytes], path: Path, kind: str = "xz") -> Path:
    """Write files into a tar, and return its path."""
    with tarfile.open(path, f"w:{kind}") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path
