"""Packages that only some files need: imported when one is opened, and named with what to install."""

from __future__ import annotations

import importlib
from typing import Any

from genharness.errors import ConfigError

__all__ = ["needed"]


def needed(package: str, extra: str) -> Any:
    """Import and return a package.

    Args:
        package: Its name.
        extra: The extra of genharness that brings it.

    Raises:
        ConfigError: If it is not installed; the message says how it is.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ConfigError(f"{package} is not installed: run `pip install 'genharness[{extra}]'`") from error
