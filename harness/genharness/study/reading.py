"""TOML files and options laid over them -> Study: read, checked by one validator, every mistake told."""

from __future__ import annotations

import errno
import importlib.resources
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from genharness.errors import ConfigError, nearest, refuse, shown
from genharness.files.paths import expanded, printable
from genharness.spec.flags import flag
from genharness.spec.options import options_of, read_options
from genharness.study.asked import Study

__all__ = ["EXTENDS", "load_suite", "read_suite"]

EXTENDS = "extends"
"""Key of a suite file that names another, over which it is laid."""

_LARGEST_SUITE = 4 * 2**20  # bytes, with all that it extends; tomllib takes a hundred times as much memory
_MOST_EXTENDED = 100
_LONGEST_CIRCLE = 400
_DEEPEST = 50
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'""")

_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)$", re.ASCII)

_TABLES = ("set", "sweep", "ablate")
_INSTEAD = {"set": "sweep", "sweep": "set"}
"""An option that is set takes the place of one that an earlier source sweeps, and the other way round."""

_Values = dict[str, Any]


def read_suite(
    path: Path | None,
    given: Mapping[str, Any],
    *,
    source: str = "the command line",
    name_of: Callable[[str], str] = flag,
) -> tuple[Study, list[str]]:
    """Read a suite file (or the embedded default), lay what is given over it, and check both.

    Args:
        path: TOML file, or None for the embedded default.
        given: Fields of `Study`, as text or as values; `set`, `sweep` and `ablate` are merged, the rest replaces.
        source: Who gave them, for messages.
        name_of: What a field of them is called in messages.

    Returns:
        The study, with what does not fit left at its default, and every mistake, one line each.

    Raises:
        ConfigError: If a file cannot be read, is no TOML, or extends itself.
    """
    values: _Values = {}
    mistakes: list[str] = []
    for content, name in _sources(path):
        read, more = read_options(name, Study, content, _named(name))
        values, mistakes = _laid(values, read), [*mistakes, *more]
    over, more = read_options(source, Study, given, name_of)
    return Study(**_laid(values, over)), [*mistakes, *more]


def load_suite(path: Path | None, given: Mapping[str, Any]) -> Study:
    """Return what `read_suite` reads.

    Raises:
        ConfigError: For every mistake at once, one line each.
    """
    study, mistakes = read_suite(path, given)
    refuse(mistakes)
    return study


def _named(name: str) -> Callable[[str], str]:
    return lambda key: f"{name}: {key}"


def _laid(under: _Values, over: _Values) -> _Values:
    """Return values with others laid over them; tables option by option."""
    values = {**under, **{key: value for key, value in over.items() if key not in _TABLES}}
    tables = {kind: {owner: dict(own) for owner, own in under.get(kind, {}).items()} for kind in _TABLES}
    for kind in _TABLES:
        for owner, own in over.get(kind, {}).items():
            tables[kind].setdefault(owner, {}).update(own)
            for name in own:
                if name not in over.get(_INSTEAD.get(kind, ""), {}).get(owner, {}):
                    tables.get(_INSTEAD.get(kind, ""), {}).get(owner, {}).pop(name, None)
    return values | tables


def _sources(path: Path | None) -> list[tuple[_Values, str]]:
    """Return the content of a file and of those that it extends, the furthest first, each with what to call it.

    Raises:
        ConfigError: If one cannot be read, or they extend each other in a circle.
    """
    if path is None:
        text = importlib.resources.files("genharness").joinpath("default_suite.toml").read_text()
        return [(tomllib.loads(text), "the default suite")]
    found: list[tuple[_Values, str]] = []
    seen: list[Path] = []
    left = _LARGEST_SUITE
    while path is not None:
        if path.resolve() in seen:
            circle = " extends ".join(printable(one.name) for one in (*seen[seen.index(path.resolve()) :], path))
            raise ConfigError(f"suites extend each other in a circle: {shown(circle, _LONGEST_CIRCLE)}")
        if len(seen) > _MOST_EXTENDED:
            raise ConfigError(f"{seen[0].name} extends more than {_MOST_EXTENDED} suites, one over the other")
        seen.append(path.resolve())
        text = _text(path, left, regular=bool(found))
        left -= len(text.encode())
        content = _content(path, text)
        base = content.pop(EXTENDS, None)
        _refuse_misspelt(path, content)
        if base is not None and not (isinstance(base, str) and base and "\0" not in base):
            raise ConfigError(f"{path}: {EXTENDS}={shown(base)} is not the path of another suite")
        found.append((content, str(path)))
        path = None if base is None else path.parent / expanded(base)
    return found[::-1]


def _refuse_misspelt(path: Path, content: _Values) -> None:
    """Refuse what is nearly `extends`, which is no field of a study: all else would be read without the base.

    Raises:
        ConfigError: If there is such a key.
    """
    fields = {one.name for one in options_of(Study)}
    for key in content:
        if key not in fields and nearest(key, [*fields, EXTENDS]) == EXTENDS:
            raise ConfigError(f"{path} has no option {shown(key)!r}; did you mean {EXTENDS!r}?")


def _content(path: Path, text: str) -> _Values:
    if _is_deep(text):
        raise ConfigError(f"{path} is not TOML that anybody could mean: it is nested too deeply")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{path} is not TOML that anybody could mean: it is nested too deeply") from None
    except ValueError as error:  # a TOMLDecodeError is one, and so is a number of thousands of digits
        raise ConfigError(f"{path} is not TOML: {error}{_line_at(error, text)}") from error


def _line_at(error: ValueError, text: str) -> str:
    """Return the line that an error of tomllib names by its number, or nothing."""
    found = _AT_LINE.search(str(error))
    return f": {shown(text.splitlines()[int(found[1]) - 1].strip())}" if found else ""


def _is_deep(text: str) -> bool:
    """Whether a key has so many dots that tomllib would take minutes, or its tables could not even be printed."""
    lines = (line for line in text.splitlines() if line.count(".") >= _DEEPEST)
    bare = (_STRING.sub("", line).partition("#")[0] for line in lines)
    return any(part.count(".") >= _DEEPEST for line in bare for part in re.split(r"[^\w\s.-]", line))


def _text(path: Path, most: int, *, regular: bool) -> str:
    """Return a suite's text, so many bytes at most; the named one may be a pipe (`<(COMMAND)`), others are files."""
    try:
        if regular and path.exists() and not (path.is_file() or path.is_dir()):
            raise OSError(errno.EINVAL, "it is no regular file")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        if isinstance(error, FileNotFoundError) and not path.suffix:
            reason = f"{reason}: a suite is a TOML file, and a model is named by --models {shown(path)}"
        raise ConfigError(f"cannot read the suite {shown(path)}: {reason}") from error
    if len(content) > most:
        beside = "" if most == _LARGEST_SUITE else " with those that extend it"
        raise ConfigError(f"cannot read the suite {path}: it is larger than {_LARGEST_SUITE >> 20} MiB{beside}")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"the suite {path} is not UTF-8 text") from error
