"""Where a Ray cluster is, as far as can be said without importing Ray."""

from __future__ import annotations

import os
import re
import socket

from genharness import ConfigError

__all__ = ["HERE", "checked_address"]

HERE = "local"
"""The address of a Ray that the run starts on this machine and ends with it."""

_HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):(?P<port>\d{1,5})")
_ANSWER_SECONDS = 5.0


def checked_address(text: str) -> str:
    """Return the address that a user means, after a look whether anything answers there.

    Args:
        text: `HOST:PORT`, `auto` for the cluster that this machine is a node of, `local` for a Ray of the run's own;
            empty for `$RAY_ADDRESS` where that is set, else `local`.

    Raises:
        ConfigError: If it is malformed, or nothing answers within five seconds.
    """
    address = text or os.environ.get("RAY_ADDRESS", "") or HERE
    if address in (HERE, "auto"):
        return address
    form = _HOST_AND_PORT.fullmatch(address)
    if form is None or not 0 < int(form["port"]) < 65536:
        raise ConfigError(
            f"{address!r} is no address of a Ray cluster: write --executor ray, ray:auto or ray:HOST:PORT, "
            "on a machine of the cluster"
        )
    try:
        socket.create_connection((form["host"].strip("[]"), int(form["port"])), timeout=_ANSWER_SECONDS).close()
    except OSError as error:
        raise ConfigError(absent(address, error.strerror or str(error))) from error
    return address


def absent(address: str, reason: str) -> str:
    """Return the line that says that there is no cluster."""
    return (
        f"no Ray cluster answers at {address} ({reason}): start one with `ray start --head` and name the address that "
        "it prints, or leave the address out to use this machine alone"
    )
