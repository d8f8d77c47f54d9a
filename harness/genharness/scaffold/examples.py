"""The whole packages that the docstrings of the hooks show, as files; and the same under another name."""

from __future__ import annotations

import inspect
import keyword
import re
import sys
import textwrap
from collections.abc import Mapping

from genharness.errors import ConfigError, did_you_mean, shown
from genharness.plugin import hooks

__all__ = ["KINDS", "example_of", "named"]

KINDS = {hook.removesuffix("s"): hook for hook in hooks.HOOKS}
"""Kind as one says it -> key of `HOOKS`: `model` -> `models`."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_LONGEST = 40


def example_of(kind: str) -> dict[str, str]:
    """Return the files that the docstring of a kind's hook shows, by their paths.

    Raises:
        ConfigError: If there is no such kind.
    """
    if kind not in KINDS:
        raise ConfigError(f"there is no kind {shown(kind)!r} of plugin{did_you_mean(kind, KINDS)}")
    _, example = (inspect.getdoc(getattr(hooks, hooks.HOOKS[KINDS[kind]])) or "").split("Example:\n")
    return dict(re.findall(r"^```\w+\n# (\S+)\n(.*?)^```", textwrap.dedent(example), re.DOTALL | re.MULTILINE))


def named(files: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the files of a package under another name: distribution, module, classes, columns.

    Args:
        files: From `example_of`.
        name: Of the package, as pip takes it: `my-model`.

    Raises:
        ConfigError: If a package cannot be called so.
    """
    wrong = _refusal(name)
    if wrong:
        raise ConfigError(wrong)
    (old,) = re.findall(r'^name = "(.+)"$', files["pyproject.toml"], re.MULTILINE)
    words = {_module(old): _module(name), **_classes(files, name)}
    whole = rf'(?P<plugin>(?<=name=")|(?<=name = ")|^|(?<=--set )){re.escape(old)}(?=[".]| = )'
    parts = "|".join(rf"(?<![A-Za-z0-9-]){re.escape(word)}(?![A-Za-z0-9-])" for word in words)
    pattern = re.compile(f"{whole}|{parts}", re.MULTILINE)

    def other(match: re.Match[str]) -> str:
        return name if match["plugin"] is not None else words[match.group()]

    return {_path(path, old, name): pattern.sub(other, text) for path, text in files.items()}


def _path(path: str, old: str, name: str) -> str:
    return path.replace(f"{_module(old)}/", f"{_module(name)}/")


def _module(name: str) -> str:
    return name.replace("-", "_")


def _classes(files: Mapping[str, str], name: str) -> dict[str, str]:
    """Return a new name for each class: `PixelGaussianConfig` -> `MyModelConfig`."""
    stem = "".join(part.capitalize() for part in name.split("-"))
    classes = {found for text in files.values() for found in re.findall(r"^class (\w+)", text, re.MULTILINE)}
    return {old: stem + next((end for end in _ENDS if old.endswith(end)), "") for old in classes}


_ENDS = ("Config", "Executor", "Tracker")


def _refusal(name: str) -> str:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        return f"name {shown(name)!r} must be lowercase letters and digits with dashes between, such as my-model"
    module = _module(name)
    if keyword.iskeyword(module) or module in sys.stdlib_module_names or module in ("genharness", "tests", "torch"):
        return f"name {name!r} is taken: a module {module} exists already; try my-{name}"
    return ""
