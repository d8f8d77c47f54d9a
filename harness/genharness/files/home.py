"""Where genharness keeps what it prepares, downloads and computes for the user."""

from __future__ import annotations

import os
from pathlib import Path

from genharness.files.paths import expanded

__all__ = ["home"]


def home() -> Path:
    """Return `$GENHARNESS_HOME`, or `~/.cache/genharness` when it is unset or empty; nothing is created."""
    named = os.environ.get("GENHARNESS_HOME")
    return expanded(named) if named else Path.home() / ".cache" / "genharness"
