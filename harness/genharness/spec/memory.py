"""Amounts of memory as people write them."""

from __future__ import annotations

import re
import sys

from genharness.errors import ConfigError

__all__ = ["parse_memory"]

_UNITS = {"MiB": 2**20, "GiB": 2**30}
_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*(MiB|GiB)", re.IGNORECASE | re.ASCII)
_MOST = 2**50


def parse_memory(text: str) -> int:
    """Return the bytes that a text such as `512MiB` or `1.5GiB` means; an empty one is 0, no limit.

    Raises:
        ConfigError: If it means nothing, less than a MiB or more than a PiB, or if this system cannot limit memory:
            the rest of a sentence that begins with the text.
    """
    if not text:
        return 0
    match = _AMOUNT.fullmatch(text.strip())
    limit = int(float(match[1]) * _UNITS[f"{match[2][:1].upper()}iB"]) if match else 0
    if not _UNITS["MiB"] <= limit <= _MOST:
        raise ConfigError("is no amount of memory: write it as 512MiB or 4GiB")
    if sys.platform != "linux":
        raise ConfigError("works on Linux only: leave it out")
    return limit
