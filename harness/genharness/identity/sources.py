"""Where the source of a module lies, found by its path: nothing is imported, parent packages neither."""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["Source", "find_source", "is_installed", "top_packages"]


class Source(NamedTuple):
    """The file behind a module.

    Attributes:
        name: Dotted name of the module.
        path: Its file, in an archive perhaps; empty for a namespace package, which has none.
        locations: Folders of its submodules; empty for a module that is no package.
    """

    name: str
    path: str
    locations: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """Name that relative imports in it start from."""
        return self.name if self.locations else self.name.rpartition(".")[0]

    def content(self) -> bytes:
        """Return the bytes of the file.

        Raises:
            OSError: If it cannot be read.
        """
        if not self.path:
            return b""
        try:
            with open(self.path, "rb", buffering=0) as file:  # noqa: PTH123  # a plan reads hundreds
                return file.read()
        except (FileNotFoundError, NotADirectoryError):  # within an archive
            return self._archived()

    def _archived(self) -> bytes:
        read = getattr(getattr(_top_spec(self.name.partition(".")[0]), "loader", None), "get_data", None)
        if read is None:
            raise FileNotFoundError(f"{self.path} of module {self.name} cannot be read")
        found: bytes = read(self.path)
        return found


def find_source(name: str) -> Source | None:
    """Return where a module comes from, or None where there is none of that name."""
    parent, _, last = name.rpartition(".")
    if not parent:
        return _from_spec(name, _top_spec(name))
    above = find_source(parent)
    if above is None:
        return None
    for folder in above.locations:
        for path, locations in ((f"{folder}/{last}/__init__.py", (f"{folder}/{last}",)), (f"{folder}/{last}.py", ())):
            if os.path.isfile(path):  # noqa: PTH113  # the same
                return Source(name, path, locations)
    return _from_spec(name, _spec_below(name, above.locations))


def _spec_below(name: str, locations: Sequence[str]) -> importlib.machinery.ModuleSpec | None:
    """Return what Python's own search finds in folders: extensions, archives, namespace packages."""
    return importlib.machinery.PathFinder.find_spec(name, list(locations)) if locations else None


def _top_spec(name: str) -> Any:
    """Return the spec of a top-level module, which takes no import to find; a script that runs has none."""
    try:
        return importlib.util.find_spec(name)
    except (ValueError, ImportError):
        path = getattr(sys.modules.get(name), "__file__", None)
        return importlib.util.spec_from_file_location(name, path) if path else None


def _from_spec(name: str, spec: Any) -> Source | None:
    if spec is None:
        return None
    locations = tuple(spec.submodule_search_locations or ())
    return Source(name, spec.origin if spec.has_location else "", locations)


def is_installed(path: str) -> bool:
    """Whether a file is of Python itself or of an installed package, and so not under development."""
    parts = path.replace(os.sep, "/").split("/")
    return "site-packages" in parts or "dist-packages" in parts or path.startswith(_STANDARD)


_STANDARD = f"{os.path.dirname(os.__file__)}{os.sep}"  # noqa: PTH120  # `sysconfig` takes a millisecond to import


@functools.cache
def top_packages(distribution: str) -> frozenset[str]:
    """Return the top-level packages and modules that an installed distribution says it has; none if it is unknown."""
    try:
        files = (importlib.metadata.files(distribution) if distribution else None) or ()
    except importlib.metadata.PackageNotFoundError:
        return frozenset()
    tops = (path.parts[0] for path in files if path.suffix in (".py", ".so", ".pyd"))
    return frozenset(top.partition(".")[0] for top in tops if top not in ("..", "/"))
