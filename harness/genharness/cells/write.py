"""Samples as files: a `.npz`, or a folder of PNG files with a folder for each class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from genharness.cells.draw import Drawn
from genharness.errors import ConfigError, RunError
from genharness.files.atomic import replace_file, replace_folder
from genharness.images.arrays import UNITS
from genharness.images.class_folders import class_folder, class_numbers

__all__ = ["refuse_existing", "write_samples"]


def refuse_existing(out: Path, *, force: bool) -> None:
    """Refuse to write over something that is there, unless that is wanted and it is what genharness writes.

    Raises:
        ConfigError: If `out` exists without `force`, or is a folder that holds other files.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not force:
        raise ConfigError(f"{out} exists: name another --out, or write over it with --force")
    if out.is_dir() != (out.suffix != ".npz"):
        raise ConfigError(f"{out} is a {'folder' if out.is_dir() else 'file'}: name another --out")
    others = [path for path in out.rglob("*") if path.is_file() and path.suffix != ".png"] if out.is_dir() else []
    if others:
        raise ConfigError(f"{out} holds other files, such as {others[0].name}, that --force would delete: name another")


def write_samples(drawn: Drawn, out: Path, *, raw: bool = False) -> None:
    """Write samples, whole or not at all; an earlier `out` is replaced.

    Args:
        drawn: What to write.
        out: A name that ends in `.npz` (arrays `images` or `rows`, and `labels`: places of classes, or the numbers that
            all of them are called by), or a folder for PNG files.
        raw: Whether rows of a table are written in the data's own units, where those are known; the file says so.

    Raises:
        ConfigError: If rows of a table were to become pictures.
        RunError: If the files cannot be written.
    """
    if out.suffix != ".npz" and drawn.modality != "image":
        raise ConfigError(f"rows of a table are no pictures: give --out a name such as {out}.npz")
    try:
        _write_npz(drawn, out, raw) if out.suffix == ".npz" else _write_folder(drawn, out)
    except OSError as error:
        raise RunError(f"cannot write {out} ({error.strerror or error}): free space or name another --out") from error


def _write_npz(drawn: Drawn, out: Path, raw: bool) -> None:
    arrays: dict[str, Any] = {"images" if drawn.modality == "image" else "rows": drawn.samples}
    if drawn.units is not None:
        arrays[UNITS] = np.array("raw" if raw else "standard")
        arrays["rows"] = drawn.units.raw(drawn.samples) if raw else drawn.samples
    if drawn.labels is not None:
        numbers = class_numbers(drawn.class_names)
        named = numbers and drawn.labels.max(initial=0) < len(numbers)
        arrays["labels"] = np.array(numbers, np.int64)[drawn.labels] if named else drawn.labels
    with replace_file(out) as temporary:
        np.savez(temporary, **arrays)


def _write_folder(drawn: Drawn, out: Path) -> None:
    digits = len(str(len(drawn.samples) - 1))
    with replace_folder(out) as folder:
        for index, image in enumerate(drawn.samples):
            place = folder / _class_folder(drawn, index)
            place.mkdir(exist_ok=True)
            pixels = image.transpose(1, 2, 0)
            Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(place / f"{index:0{digits}}.png")


def _class_folder(drawn: Drawn, index: int) -> str:
    """Return the folder of a sample, which is its class's."""
    if drawn.labels is None:
        return ""
    count = max(len(drawn.class_names), int(drawn.labels.max()) + 1)
    return class_folder(int(drawn.labels[index]), drawn.class_names, count)
