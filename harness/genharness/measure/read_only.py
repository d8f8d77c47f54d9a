"""Arrays that all metrics share: whoever changes one in place gets an error, where others would get wrong numbers."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

__all__ = ["COPY", "changes_shared", "read_only", "reading_only"]

COPY = "the arrays of an evaluation are shared by all metrics, so copy one before changing it"
"""What to say to whoever changes one."""

T = TypeVar("T")


def read_only(value: T) -> T:
    """Return arrays that cannot be written to: the same numbers in the same memory.

    Args:
        value: An array, a mapping of some, or a dataclass that holds some; anything else comes back as it is, and so
            does what is read-only already.
    """
    found: Any = value
    if isinstance(value, np.ndarray) and value.flags.writeable:
        found = value.view()
        found.flags.writeable = False
    elif isinstance(value, Mapping):
        found = {name: read_only(one) for name, one in value.items()}
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        held = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        arrays = {name: one for name, one in held.items() if isinstance(one, np.ndarray) and one.flags.writeable}
        found = (
            dataclasses.replace(value, **{name: read_only(one) for name, one in arrays.items()}) if arrays else value
        )
    returned: T = found
    return returned


@contextlib.contextmanager
def reading_only() -> Iterator[None]:
    """Let tensors be made of such arrays without torch's warning; filters of warnings are as before afterwards."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        yield


def changes_shared(error: BaseException) -> bool:
    """Whether an error says that an array is read-only; numpy tells it by its text alone."""
    return isinstance(error, ValueError) and "read-only" in str(error)
