"""A package of one plugin to start from: its hook's example under a name of one's own, with test, README and CI."""

from __future__ import annotations

from pathlib import Path

from genharness.errors import DataError
from genharness.files.atomic import replace_folder
from genharness.plugin.hooks import HOOKS
from genharness.scaffold.examples import KINDS, example_of, named

__all__ = ["package_files", "write_package"]

_BUILD = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

"""

_REST = """
[project.optional-dependencies]
test = ["pytest"]

[tool.hatch.build.targets.wheel]
packages = ["{module}"]
"""

_TEST = '''"""The contract of genharness, checked by its own suite: `pytest`, or `genharness check .`."""

import pytest
from genharness.testing import {kind}_checks

from {module} import {hook}


@pytest.mark.parametrize("check", {kind}_checks({hook}()), ids=str)
def test_it_keeps_the_contract(check):
    check()
'''

_README = """# {name}

A {kind} for [genharness](https://pypi.org/project/genharness/).

```
pip install -e '.[test]'
genharness list {kinds}
genharness check .
pytest
```

`{module}/__init__.py` says what there is, and imports nothing heavy: it is imported for every plan and every `--help`.
`{heavy}` does the work, and is imported when a cell uses it.
"""

_WORKFLOW = """name: tests
on: [push, pull_request]
jobs:
  tests:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      - run: pip install -e '.[test]'
      - run: genharness check .
      - run: pytest
"""


def package_files(kind: str, name: str) -> dict[str, str]:
    """Return the files of a new package by their paths.

    Args:
        kind: `model`, `dataset`, `extractor`, `metric`, `executor`, `reporter`, `tracker` or `figure`.
        name: Of package and plugin, such as `my-model`.

    Raises:
        ConfigError: If there is no such kind, or no package can be called so.
    """
    files = named(example_of(kind), name)
    module = name.replace("-", "_")
    heavy = next(path for path in files if path != "pyproject.toml" and not path.endswith("__init__.py"))
    words = {"kind": kind, "kinds": KINDS[kind], "name": name, "module": module, "hook": HOOKS[KINDS[kind]]}
    return {
        **files,
        "pyproject.toml": _BUILD + files["pyproject.toml"] + _REST.format(module=module),
        "tests/test_contract.py": _TEST.format(**words),
        "README.md": _README.format(**words, heavy=heavy),
        ".github/workflows/tests.yml": _WORKFLOW,
        ".gitignore": "__pycache__/\n*.egg-info/\ndist/\n",
    }


def write_package(folder: Path, kind: str, name: str) -> list[Path]:
    """Write a new package, whole or not at all, and return its files.

    Args:
        folder: Where; it must not be there yet.
        kind: As for `package_files`.
        name: Likewise.

    Raises:
        ConfigError: As `package_files`.
        DataError: If the folder is there already, or cannot be written.
    """
    files = package_files(kind, name)
    if folder.exists():
        raise DataError(f"{folder} is there already: name another with --path")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with replace_folder(folder) as temporary:
            for path, text in files.items():
                (temporary / path).parent.mkdir(parents=True, exist_ok=True)
                (temporary / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{folder} cannot be written ({error.strerror}): name another with --path") from error
    return [folder / path for path in files]
