"""Names of files in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from genharness.files.paths import printable

__all__ = ["first_of"]


def first_of(names: Sequence[str], count: int = 5) -> str:
    """Return names for a sentence, the first few and how many more."""
    more = f" and {len(names) - count:,} more" if len(names) > count else ""
    return f"{', '.join(map(printable, names[:count]))}{more}"
