"""The code behind a part: the modules that it really imports, as one digest. Nothing is imported to find out.

From the module of a part's factory on, imports are followed as they are written: relative ones, those inside
functions, stars, and `import_module("literal")`. A name that a package only passes on (`from genharness.kit import
GenerativeModel`) leads to the module that defines it, so that its siblings do not count. A module that imports by
computed names counts with its whole package. References such as `"module:attribute"` in strings lead nowhere: each
is a part of its own, with its own digest.

What counts: the part's own distribution, everything under development (outside `site-packages`), and of genharness
the rooms that compute. The standard library and other installed packages count by nothing; a record has the versions
of those that matter. Packages that are only passed through on the way to a submodule count by what they do beyond
defining names.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from genharness.identity.kept import Meanings
from genharness.identity.meaning import Import, Meaning
from genharness.identity.sources import Source, find_source, is_installed, top_packages
from genharness.identity.unchanged import counted_digest

__all__ = ["Code", "Reach", "SourceTree", "code_of"]

CORE = "genharness"

_ELSEWHERE = sys.stdlib_module_names | {"torch", "torchvision", "numpy", "scipy", "sklearn", "PIL"}
"""Never followed, however they are installed: records have the versions of these."""


class Code(NamedTuple):
    """The code behind a part.

    Attributes:
        digest: 16 hexadecimal digits.
        modules: What counts, by name.
        opaque: Of these the modules that count by their bytes, having no source that this Python reads.
    """

    digest: str
    modules: tuple[str, ...]
    opaque: tuple[str, ...] = ()


class Reach(NamedTuple):
    """How far imports are followed.

    Attributes:
        rooms: Packages of genharness whose modules count where they are imported.
        but: Modules that do not, wherever they are.
        distribution: Name of the distribution that the part is of, or empty.
    """

    rooms: tuple[str, ...] = ()
    but: frozenset[str] = frozenset()
    distribution: str = ""

    def includes(self, source: Source, tops: frozenset[str]) -> bool:
        """Return whether a module counts.

        Args:
            source: The module.
            tops: Top-level packages that imports were followed from at the start.
        """
        top = source.name.partition(".")[0]
        if source.name in self.but:
            return False
        if top == CORE:
            return any(_within(source.name, room) for room in self.rooms)
        return top in tops or not is_installed(_place(source)) or top in top_packages(self.distribution)


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _place(source: Source) -> str:
    return source.path or (source.locations[0] if source.locations else "")


class SourceTree:
    """Sources as they are while something is planned: each is read once for all the parts that stand on it."""

    def __init__(self) -> None:
        self._meanings = Meanings.at_home()
        self._sources: dict[str, Source | None] = {}
        self._read: dict[str, Meaning | None] = {}

    def source(self, name: str) -> Source | None:
        """Return where a module comes from, or None where there is none of that name."""
        if name not in self._sources:
            self._sources[name] = find_source(name)
        return self._sources[name]

    def meaning(self, source: Source) -> Meaning | None:
        """Return what a module does, or None where its source cannot be read."""
        if source.name not in self._read:
            readable = source.path.endswith(".py")
            try:
                self._read[source.name] = self._meanings.of(source.content()) if readable else None
            except OSError:
                self._read[source.name] = None
        return self._read[source.name]

    def save(self) -> None:
        """Remember what was read."""
        self._meanings.save()


def code_of(modules: Iterable[str], reach: Reach, tree: SourceTree | None = None) -> Code:
    """Return the code that some modules stand on, themselves included.

    Args:
        modules: Names of modules; they count wherever they lie.
        reach: How far their imports are followed.
        tree: What was read of sources already; None reads them as they are now.

    Raises:
        ModuleNotFoundError: If one of them is not there.
    """
    walk = _Walk(reach, tree or SourceTree())
    for module in modules:
        walk.start(module)
    lines = walk.finish()
    text = "\n".join(f"{name} {value}" for name, value in sorted(lines.items()))
    return Code(hashlib.sha256(text.encode()).hexdigest()[:16], tuple(sorted(walk.whole)), tuple(sorted(walk.opaque)))


class _Walk:
    """One walk along imports.

    Attributes:
        whole: Modules that count.
        opaque: Those that count by their bytes.
    """

    def __init__(self, reach: Reach, tree: SourceTree) -> None:
        self.whole: dict[str, str] = {}
        self.opaque: set[str] = set()
        self._reach = reach
        self._tree = tree
        self._tops: frozenset[str] = frozenset()
        self._passed: set[str] = set()
        self._asked: set[tuple[str, str]] = set()
        self._extra: dict[str, str] = {}
        self._waiting: list[Source] = []

    def start(self, module: str) -> None:
        """Count a module and all that follows from it."""
        source = self._tree.source(module)
        if source is None:
            raise ModuleNotFoundError(f"there is no module {module}")
        top = module.partition(".")[0]
        self._tops |= {top} if top != CORE else set()
        self._count(source)
        self._follow()

    def finish(self) -> dict[str, str]:
        """Return a line for everything that counts, by its name."""
        lines = {**self.whole, **self._extra}
        for name in self._passed - self.whole.keys():
            source = self._tree.source(name)
            meaning = self._tree.meaning(source) if source is not None and self._included(source) else None
            if meaning is not None and meaning.effects:
                lines[f"{name} in passing"] = meaning.effects
        self._tree.save()
        return lines

    def _included(self, source: Source) -> bool:
        return self._reach.includes(source, self._tops)

    def _count(self, source: Source) -> None:
        """Count a whole module."""
        if source.name in self.whole:
            return
        parts = source.name.split(".")
        self._passed |= {".".join(parts[:count]) for count in range(1, len(parts))}
        meaning = self._tree.meaning(source)
        if meaning is not None:
            self.whole[source.name] = counted_digest(source.name, meaning.digest)
            self._waiting.append(source)
        elif source.path:
            self.whole[source.name] = _bytes_digest(source)
            self.opaque.add(source.name)

    def _follow(self) -> None:
        while self._waiting:
            source = self._waiting.pop()
            meaning = self._tree.meaning(source)
            assert meaning is not None
            for one in meaning.imports:
                self._import(one, source)
            for name in meaning.files:
                self._file(name, source)
            if meaning.computed and source.name.partition(".")[0] != CORE:
                self._whole_package(source)

    def _import(self, one: Import, source: Source) -> None:
        """Follow one import."""
        module = _absolute(one, source)
        if module.partition(".")[0] in _ELSEWHERE:
            return
        if one.name:
            self._name(module, one.name)
            return
        parts = module.split(".")
        for count in range(1, len(parts) + 1):  # `import a.b` gives a, and b within it
            self._module(".".join(parts[:count]))

    def _module(self, name: str) -> None:
        source = self._tree.source(name)
        if source is not None and self._included(source):
            self._count(source)
        elif source is None and name.partition(".")[0] in self._tops:
            self._extra[name] = "absent"

    def _name(self, module: str, name: str) -> None:
        """Follow a name to the module that defines it."""
        if (module, name) in self._asked:
            return
        self._asked.add((module, name))
        source = self._tree.source(module)
        top = module.partition(".")[0]
        if source is None or not (top == CORE or self._included(source)):
            self._module(module)
            return
        meaning = self._tree.meaning(source)
        passed_on = meaning.exports.get(name) if meaning is not None else None
        if passed_on is not None:
            self._passed.add(module)
            self._import(passed_on, source)
        elif (meaning is None or name not in meaning.defined) and self._tree.source(f"{module}.{name}") is not None:
            self._passed.add(module)
            self._module(f"{module}.{name}")
        else:
            self._module(module)

    def _whole_package(self, source: Source) -> None:
        """Count every module of the top-level package of one that imports by computed names."""
        top = self._tree.source(source.name.partition(".")[0])
        for name in _submodules(top) if top is not None else ():
            self._module(name)

    def _file(self, name: str, source: Source) -> None:
        """Count a file that lies beside a module and is named in it."""
        path = Path(source.path).parent / name
        if path.is_file() and path.suffix != ".py":
            self._extra[f"{source.name} beside {name}"] = hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def _absolute(one: Import, source: Source) -> str:
    """Return the absolute name of the module of an import."""
    if not one.level:
        return one.module
    parts = source.package.split(".")
    base = parts[: len(parts) - one.level + 1]
    return ".".join([*base, one.module] if one.module else base)


def _submodules(top: Source) -> Iterator[str]:
    yield top.name
    for folder in map(Path, top.locations):
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            yield ".".join((top.name, *(parts[:-1] if parts[-1] == "__init__" else parts)))


def _bytes_digest(source: Source) -> str:
    try:
        return hashlib.sha256(source.content()).hexdigest()[:32]
    except OSError:
        return "unreadable"
