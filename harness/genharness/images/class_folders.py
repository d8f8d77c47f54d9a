"""What a class is called in files of samples: as `genharness sample` writes it, and `evaluate` knows it again."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["class_folder", "class_numbers"]


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


def class_numbers(class_names: Sequence[str]) -> tuple[int, ...]:
    """Return the whole numbers that all classes are called by, in label order: those that labels are then written with.

    Sorted as text, 10 comes before 2, so that the class called 2 is no longer the one at place 2.

    Args:
        class_names: Names of the classes.

    Returns:
        Empty where some are called otherwise, or two by the same number, such as 1 and 01.
    """
    if not all(name.isascii() and name.isdecimal() and len(name) <= _DIGITS for name in class_names):
        return ()
    numbers = tuple(map(int, class_names))
    return numbers if len(set(numbers)) == len(numbers) else ()


_DIGITS = 18
"""Of a whole number that arrays hold."""
