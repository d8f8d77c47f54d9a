"""Whether a node of the cluster sees the same files and runs the same versions as the command."""

from __future__ import annotations

import importlib.metadata
import platform
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genharness import GenharnessError, RunError
from genharness.files.home import home
from genharness.results.store import Store
from genharness.spec.cell import Task

__all__ = ["Expectation", "expecting", "unmet", "versions_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a node must have in common with the command.

    Attributes:
        results: Absolute results folder.
        home: Absolute `$GENHARNESS_HOME`.
        token: Name and content of a file that lies in both while the run goes on.
    """

    results: Path
    home: Path
    token: str


@contextmanager
def expecting(results: Path) -> Iterator[Expectation]:
    """Leave the token in the results folder and in `$GENHARNESS_HOME`, and take it away at the end.

    Raises:
        RunError: If one of the folders cannot be written.
    """
    expectation = Expectation(results=results.absolute(), home=home().absolute(), token=f".ray-{secrets.token_hex(8)}")
    with _left(expectation.results, expectation.token), _left(expectation.home, expectation.token):
        yield expectation


@contextmanager
def _left(folder: Path, token: str) -> Iterator[None]:
    path = folder / token
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(token)
    except OSError as error:
        raise RunError(f"cannot write to {folder} ({error.strerror}), which every node has to") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def versions_of(tasks: Sequence[Task]) -> dict[str, str]:
    """Return the distributions behind the cells, genharness among them, with the version that each has here."""
    named = {plugin.rpartition(" ")[0] for task in tasks for plugin in task.cell.plugins.values()}
    return {name: _version(name) for name in sorted({"genharness", *named})}


def unmet(expectation: Expectation, versions: Mapping[str, str]) -> str:
    """Return in one line what this node lacks, or nothing."""
    node = platform.node()
    for what, folder in (("results folder", expectation.results), ("GENHARNESS_HOME", expectation.home)):
        if not _sees(folder, expectation.token):
            return f"the {what} {folder} is not visible on node {node}; use a shared file system"
    try:
        Store(expectation.results).open_for_writing()
    except GenharnessError as error:
        return f"node {node} {error}"
    for name, version in versions.items():
        here = _version(name)
        if here != version:
            return f"node {node} has {name} {here} where the command has {version}: install {name}=={version} there"
    return ""


def _sees(folder: Path, token: str) -> bool:
    try:
        return (folder / token).read_text() == token
    except OSError:
        return False


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
