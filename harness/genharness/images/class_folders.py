"""The name of a class's folder of pictures: as `genharness sample` writes it, and `evaluate` knows it again."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["class_folder"]


def class_folder(label: int, class_names: Sequence[str], count: int) -> str:
    """Return such as `03-ship`: the number first, so that folders sort as labels do.

    Args:
        label: The class.
        class_names: Names of the classes; a label beyond them has its number alone.
        count: Of classes, which decides how many digits the number has.
    """
    name = class_names[label] if label < len(class_names) else ""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    return f"{label:0{len(str(count - 1))}}-{slug}".rstrip("-")
