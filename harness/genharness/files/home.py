"""Where genharness keeps what it prepares, downloads and computes for the user."""

from __future__ import annotations

import os
from pathlib import Path

from genharness.errors import ConfigError
from genharness.files.paths import expanded, printable

__all__ = ["home"]


def home() -> Path:
    """Return `$GENHARNESS_HOME`, or `~/.cache/genharness` when it is unset or empty; nothing is created.

    Raises:
        ConfigError: If it names the home of a user who does not exist.
    """
    named = os.environ.get("GENHARNESS_HOME")
    found = expanded(named or "~/.cache/genharness")
    if str(found).startswith("~"):
        where = "GENHARNESS_HOME" if named else "HOME is unset, and"
        raise ConfigError(
            f"{where}: {printable(found)} names a home that cannot be found: set GENHARNESS_HOME to a path"
        )
    return found
