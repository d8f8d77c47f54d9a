"""How long work tells people where it is."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Report", "silent"]

Report = Callable[[int, int, str], None]
"""Called with (done, total or 0 when unknown, what is being done)."""


def silent(_done: int, _total: int, _text: str) -> None:
    """Report to nobody."""
