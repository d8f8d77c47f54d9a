"""A published results folder: small, and with an index of what every file's content hashes to.

FOLDER/index.json             version, and SHA-256 of every other file by its path
FOLDER/records/CELL.json      records, as in any results folder, so that every command reads it
FOLDER/cells/CELL/*.png       pictures
FOLDER/cells/CELL/latents.npz maps of latent codes
FOLDER/decisions/NAME.json    what studies until decided have decided, without which their rows would be tested anew

Who merges others' results reads the index, and takes only what hashes to what it says, from paths that records and
pictures have.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import orjson

from genharness.errors import RunError
from genharness.files.checksums import file_digest
from genharness.files.paths import printable
from genharness.files.regular import read_regular, what_to_do
from genharness.version import VERSION

__all__ = ["INDEX", "checked_files", "is_published", "write_index"]

INDEX = "index.json"
_FORMAT = 1
_MOST_BYTES = 64 << 20
_MOST_OF_A_FILE = 256 << 20
_NAME = r"[\w@#:=+,~-][\w@#:=+,.~-]*"
_PATH = re.compile(
    rf"(?:records|decisions)/{_NAME}\.json|cells/{_NAME}/(?:{_NAME}\.png|latents\.npz)|report\.html|markers\.json"
)


def is_published(folder: Path) -> bool:
    """Whether a folder holds an index."""
    return (folder / INDEX).is_file()


def write_index(folder: Path) -> str:
    """Write the index of a folder, and return the hash over all of it."""
    files = {
        path.relative_to(folder).as_posix(): file_digest(path, "sha256")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != INDEX
    }
    content = _content(files)
    plain = {"format": _FORMAT, "genharness": VERSION, "content": content, "files": files}
    (folder / INDEX).write_bytes(orjson.dumps(plain, option=orjson.OPT_INDENT_2))
    return content


def checked_files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file of a published folder by its path, each as the index says.

    Raises:
        RunError: There is no index, a file is missing or hashes to something else, or is none that is published.
    """
    files = _index(folder)
    found = {}
    for path, digest in files.items():
        if not _PATH.fullmatch(path):
            raise RunError(f"{printable(folder)}: its index names {printable(path)!r}, which no record or picture is")
        try:
            content = read_regular(folder / path, _MOST_OF_A_FILE, follow=False)
        except OSError as error:
            advice = what_to_do(error) or "get it again"
            raise RunError(f"{printable(folder / path)} cannot be read ({error.strerror}): {advice}") from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise RunError(f"{printable(folder / path)} is not what its index says (SHA-256): get it again")
        found[path] = content
    return found


def _index(folder: Path) -> Mapping[str, str]:
    try:
        plain = orjson.loads(read_regular(folder / INDEX, _MOST_BYTES, follow=False))
        files = plain["files"]
        good = plain["format"] == _FORMAT and all(isinstance(one, str) for one in (*files, *files.values()))
        good = good and plain["content"] == _content(files)
    except (FileNotFoundError, NotADirectoryError) as error:
        if not folder.is_dir():
            raise RunError(f"{printable(folder)} is no folder: name what `genharness publish` wrote") from error
        raise RunError(
            f"{printable(folder)} has no {INDEX}: publish it first, `genharness publish {printable(folder)} --to DIR`"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, OSError) and (advice := what_to_do(error)):
            raise RunError(f"{printable(folder / INDEX)} cannot be read ({error.strerror}): {advice}") from error
        raise RunError(f"{printable(folder / INDEX)} cannot be read: get it again") from error
    if not good:
        raise RunError(f"{printable(folder / INDEX)} is damaged: get it again")
    return dict(files)


def _content(files: Mapping[str, str]) -> str:
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
