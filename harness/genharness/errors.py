"""What can go wrong, as one tree.

    GenharnessError        caught once, by the command line: one line, exit code 2
    |-- PluginError        a plugin is broken, misspelt, or clashes with another
    |-- ConfigError        what was asked for does not exist, does not fit, or is out of range
    |-- DataError          a dataset, archive, image or sample set is unusable
    `-- RunError           a cell or a results folder failed while in use

Anything else is a defect of genharness or of a plugin and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["ConfigError", "DataError", "GenharnessError", "PluginError", "RunError", "did_you_mean"]


class GenharnessError(Exception):
    """A mistake that the user can mend; the message names it and says what to do next."""


class PluginError(GenharnessError):
    """A plugin is broken, misspelt, or clashes with another."""


class ConfigError(GenharnessError):
    """What was asked for does not exist, does not fit, or is out of range."""


class DataError(GenharnessError):
    """A dataset, archive, image or sample set is unusable."""


class RunError(GenharnessError):
    """A cell or a results folder failed while in use."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the tail of an error message: the nearest known name, else all of them.

    Args:
        word: What the user wrote.
        known: What exists.

    Returns:
        `"; did you mean 'dcgan'?"`, or `"; known: a, b"`, or `""` when nothing is known.
    """
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(names)}" if names else ""
