"""What was found out of files, kept under `$GENHARNESS_HOME` by their content, so that a plan reads no source twice."""

from __future__ import annotations

import functools
import hashlib
import sys
from pathlib import Path
from typing import Any

import orjson

from genharness.files.atomic import write_bytes
from genharness.files.home import home
from genharness.identity.meaning import Import, Meaning

__all__ = ["Meanings"]

_FORMAT = 2
_MOST = 1000
"""Entries that are kept, those of the last command last; genharness and its plugins have some hundred files."""


class Meanings:
    """What source files do, from memory where their content was read before.

    A damaged or missing file of memories costs time, not a result, and so does one that cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fresh = 0
        self._version = [_FORMAT, *sys.version_info[:2]]
        self._known = _entries(path, self._version)
        self._found: dict[str, Meaning | None] = {}

    @classmethod
    def at_home(cls) -> Meanings:
        """Return the memory of the present `$GENHARNESS_HOME`."""
        return _opened(home() / "code" / "meanings.json")

    def of(self, content: bytes) -> Meaning | None:
        """Return what a file does, or None where it is no Python that this interpreter reads."""
        key = hashlib.sha256(content).hexdigest()[:32]
        if key not in self._found:
            try:
                self._found[key] = _restored(self._known[key])
            except (ValueError, KeyError, TypeError, AttributeError):  # unknown, or damaged
                self._found[key] = self._learnt(key, content)
        return self._found[key]

    def _learnt(self, key: str, content: bytes) -> Meaning | None:
        from genharness.identity.reading import meaning_of  # a plan that has read everything before does without

        try:
            found = meaning_of(content)
        except (SyntaxError, ValueError):
            found = None
        self._known[key] = None if found is None else _plain(found)
        self._fresh += 1
        return found

    def save(self) -> None:
        """Write what is new."""
        if not self._fresh:
            return
        recent = {key: self._known[key] for key in self._found}  # goes last, and so is forgotten last
        others = {key: entry for key, entry in self._known.items() if key not in recent}
        files = dict([*others.items(), *recent.items()][-_MOST:])
        text = orjson.dumps({"version": self._version, "files": files})
        self._fresh = 0
        try:
            write_bytes(self._path, text)
        except OSError:  # a full or read-only disk costs time, not a result
            return


def _entries(path: Path, version: list[int]) -> dict[str, Any]:
    """Return the entries of a file; none where it is missing, damaged, or another version's."""
    try:
        kept = orjson.loads(path.read_bytes())
        return dict(kept["files"]) if kept["version"] == version else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


@functools.lru_cache(maxsize=4)
def _opened(path: Path) -> Meanings:
    return Meanings(path)


def _plain(found: Meaning) -> list[Any]:
    imports = [[one.level, one.module, one.name] for one in found.imports]
    exports = {name: [one.level, one.module, one.name] for name, one in found.exports.items()}
    return [found.digest, found.effects, imports, exports, sorted(found.defined), found.computed, found.files]


def _restored(plain: Any) -> Meaning | None:
    if plain is None:
        return None
    digest, effects, imports, exports, defined, computed, files = plain
    return Meaning(
        digest=str(digest),
        effects=str(effects),
        imports=tuple(Import(*one) for one in imports),
        exports={name: Import(*one) for name, one in exports.items()},
        defined=frozenset(defined),
        computed=bool(computed),
        files=tuple(files),
    )
