"""Print the tests of what differs from a commit: of every room and plugin that was touched.

    python .ci/changed_tests.py [COMMIT]

COMMIT is where this branch left `main` unless it is named; files that git does not track yet count as changed.
A room's tests are all of `tests/ROOM`. The rooms that start whole runs take minutes: of these, only the test files of
the modules that changed. A plugin's tests are the files that name it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SLOW_ROOMS = {"cells", "cli", "testing"}


def git(*arguments: str) -> list[str]:
    """Return the lines that a git command prints."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.splitlines()


def changed(commit: str) -> list[Path]:
    """Return the files that differ from a commit, and those that git does not know."""
    names = git("diff", "--name-only", commit) + git("ls-files", "--others", "--exclude-standard")
    return [Path(name) for name in names if name.endswith(".py")]


def tests_of(path: Path) -> Iterator[Path]:
    """Yield the tests of one file."""
    match path.parts:
        case ("tests", *_, name) if name.startswith("test_"):
            yield path
        case ("harness", "genharness", room, *folders, _) if room in SLOW_ROOMS:
            yield Path("tests", room, *folders, f"test_{path.name}")
        case ("harness", "genharness", room, *_, _):
            yield Path("tests", room)
        case ("harness", "genharness", _):
            yield from (Path("tests", f"test_{path.name}"), Path("tests/test_imports.py"))
        case ("plugins", package, *_):
            yield from (test for test in Path("tests/plugins").rglob("test_*.py") if package in test.read_text())


def main() -> None:
    """Print the tests that exist, each once; files inside a folder that is printed are left to it."""
    commit = sys.argv[1] if len(sys.argv) > 1 else git("merge-base", "HEAD", "main")[0]
    found = {test for path in changed(commit) for test in tests_of(path) if test.exists()}
    print(*sorted(str(test) for test in found if found.isdisjoint(test.parents)))


if __name__ == "__main__":
    main()
