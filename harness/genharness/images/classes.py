"""Which folders of pictures are classes: not those that only split files, nor one folder a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from genharness.errors import DataError
from genharness.files.paths import printable
from genharness.images.names import first_of

__all__ = ["SINGLE_FOLDERS", "Paths", "folder_classes"]

Paths = list[tuple[str, tuple[str, ...]]]
"""Each picture's name and the folders that still say something about it, with the file's own name last."""

SINGLE_FOLDERS = 50
"""So many folders of hardly more than a picture each are patients, or scenes, and no classes."""


def folder_classes(splits: dict[str, Paths], where: str, *, strict: bool) -> tuple[tuple[str, ...], str]:
    """Return the names of the classes, sorted, and a line that says what was taken for labels, or why nothing was.

    Args:
        splits: Pictures of each split.
        where: What to call the tree in messages.
        strict: Whether a picture beside the folders is a mistake; else it means that the folders are no classes.

    Raises:
        DataError: If a picture lies beside the classes, or a class has none in the training split.
    """
    everything = [path for entries in splits.values() for path in entries]
    folders = sorted({parts[0] for _, parts in everything if len(parts) > 1})
    strays = [name for name, parts in everything if len(parts) == 1]
    if len(folders) < 2 or (strays and not strict):
        return (), _why_none(everything, splits, folders, strays)
    if strays:
        raise DataError(
            f"{where}: {printable(strays[0])} lies beside the folders of the classes: move it into one, or out"
        )
    if why := _not_classes(everything, folders):
        return (), f"no labels: the folders {first_of(folders)} {why}"
    _refuse_untrained(splits, folders, where)
    return tuple(folders), f"labels: the {len(folders):,} folders {first_of(folders)} are classes"


def _why_none(everything: Paths, splits: dict[str, Paths], folders: list[str], strays: Sequence[str]) -> str:
    """Return why the folders that there are give no labels; nothing where there are none."""
    if folders and strays:
        return f"no labels: {first_of(strays)} beside the folders {first_of(folders)}, which so are no classes"
    around = PurePosixPath(min(name for name, _ in everything)).parent
    if len(splits) == 1 and around.parts:
        return f"no labels: all pictures lie in the folder {printable(str(around))}, and one folder is no class"
    return f"no labels: {printable(folders[0])} is the only folder, and one is no class" if folders else ""


def _not_classes(everything: Paths, folders: list[str]) -> str:
    if len(folders) >= SINGLE_FOLDERS and len(folders) > len(everything) / 2:
        return f"hold {len(everything) / len(folders):.1f} pictures each, too few for classes"
    if _are_chunks(everything):
        return "only split numbered files, so they are no classes; call them otherwise if they are"
    return ""


def _are_chunks(everything: Paths) -> bool:
    """Whether numbered folders only split files, as FFHQ's (01000/01234.png) and StyleGAN's (00001/img00001234.png).

    From folder to folder the files' numbers go on: those of classes start anew, or lie between one another. Folders may
    be called parts (part_3) or say which numbers they hold (0000-0999). Folders of four digits may still be classes; of
    theirs, a file's number has to begin with its folder's, or to round down to it.
    """
    numbers: dict[str, list[str]] = {}
    folders: dict[str, re.Match[str]] = {}
    for _, parts in everything:
        number = _NUMBERED.fullmatch(PurePosixPath(parts[-1]).stem)
        folder = folders.get(parts[0]) or _FOLDER.fullmatch(parts[0])
        if number is None or folder is None or len(parts) != 2:
            return False
        folders[parts[0]] = folder
        numbers.setdefault(parts[0], []).append(number[1])
    ordered = sorted(folders, key=lambda name: int(folders[name]["number"]))
    spans = [(min(map(int, numbers[name])), max(map(int, numbers[name]))) for name in ordered]
    if not all(before[1] < after[0] for before, after in pairwise(spans)):
        return False
    return all(_belongs(number, folder) for name, folder in folders.items() for number in numbers[name])


def _belongs(number: str, folder: re.Match[str]) -> bool:
    """Whether a file of a number may lie in a folder that is a part and no class."""
    begins = folder["number"]
    if folder["last"]:
        return int(begins) <= int(number) <= int(folder["last"])
    if folder["word"] or len(begins) >= _SURELY_NO_CLASS:
        return True
    if len(begins) < _MAY_BE_NO_CLASS:
        return False
    if len(number) > len(begins):
        return number.startswith(begins)
    return len(number) == len(begins) and any(int(number) // step * step == int(begins) for step in (100, 1000))


_NUMBERED = re.compile(r"[A-Za-z_-]*(\d+)", re.ASCII)
_FOLDER = re.compile(
    r"(?:(?P<word>part|chunk|batch|shard|block|bucket|piece|slice|volume|vol|folder|dir)s?[ _-]?)?"
    r"(?P<number>\d+)(?:[_-](?P<last>\d+))?",
    re.ASCII | re.IGNORECASE,
)
_MAY_BE_NO_CLASS, _SURELY_NO_CLASS = 4, 5
"""Digits of a folder: classes that are numbered have fewer, as a rule."""


def _refuse_untrained(splits: dict[str, Paths], folders: Sequence[str], where: str) -> None:
    trained = {parts[0] for _, parts in splits["train"]}
    for folder in folders:
        if folder not in trained:
            raise DataError(f"{where}: class {folder!r} is unknown: it has no pictures in the train split")
