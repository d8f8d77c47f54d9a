"""Names of files: in a sentence, and what they say of splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from genharness.files.paths import printable

__all__ = ["SPLITS", "first_of"]

SPLITS: Mapping[str, str] = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
}
"""Names of folders and files that say which split they are."""


def first_of(names: Sequence[str], count: int = 5) -> str:
    """Return names for a sentence, the first few and how many more."""
    more = f" and {len(names) - count:,} more" if len(names) > count else ""
    return f"{', '.join(map(printable, names[:count]))}{more}"
