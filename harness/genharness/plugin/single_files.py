"""Plugins in one file, for a trial: named by `genharness --plugin FILE.py` or `$GENHARNESS_PLUGINS`, installed nowhere.

Naming a file runs its code. The variable goes on to the processes of cells, so what a command knows they know as well.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from genharness.errors import ConfigError, PluginError, shown

__all__ = ["VARIABLE", "add_plugin_files", "content_digest", "import_file", "plugin_files"]

VARIABLE = "GENHARNESS_PLUGINS"
"""Environment variable that names files, with what separates the folders of `$PATH` between them."""


def plugin_files() -> list[Path]:
    """Return the files that are named, each once."""
    named = os.environ.get(VARIABLE, "").split(os.pathsep)
    return list(dict.fromkeys(Path(one).expanduser().absolute() for one in named if one.strip()))


def add_plugin_files(paths: Iterable[str]) -> None:
    """Name files beside those that are named already, for this process and those that it starts.

    Raises:
        ConfigError: If one is no Python file, or has a path that cannot be named so.
    """
    found = []
    for one in paths:
        path = Path(one).expanduser().absolute()
        if path.suffix != ".py" or not path.is_file():
            raise ConfigError(f"--plugin {shown(one)} is no Python file: give one such as my_model.py")
        if os.pathsep in str(path):
            raise ConfigError(f"--plugin {shown(one)}: its path holds {os.pathsep!r}: move it")
        found.append(path)
    if found:
        os.environ[VARIABLE] = os.pathsep.join(map(str, dict.fromkeys([*plugin_files(), *found])))


def content_digest(path: Path) -> str:
    """Return twelve digits of the SHA-256 of a file, which stand for its version.

    Raises:
        PluginError: If it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise PluginError(f"{path} cannot be read ({error.strerror}): check --plugin and ${VARIABLE}") from error


def import_file(path: Path) -> ModuleType:
    """Import a file as the module of its name; its folder comes last in the search, so that it hides nothing.

    Raises:
        PluginError: If its name is no module's, or another module's.
    """
    name = path.stem
    if not name.isidentifier():
        raise PluginError(f"{path.name} cannot be imported: call it by letters, digits and underscores")
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    importlib.invalidate_caches()
    known = sys.modules.get(name)
    origin = getattr(known, "__file__", None) if known is not None else _origin(name)
    if origin is None or Path(origin).resolve() != path.resolve():
        raise PluginError(f"there is another module {name}: call {path.name} otherwise")
    return importlib.import_module(name)


def _origin(name: str) -> str | None:
    spec = importlib.util.find_spec(name)
    return None if spec is None else spec.origin
