"""What numpy says of damaged array files, as one exception.

Its parsers evaluate headers and follow offsets, so that damaged bytes raise anything: syntax errors and errors of the
tokeniser, of recursion, of zlib and of struct, keys that are missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from genharness.errors import GenharnessError, reason

__all__ = ["DamagedArrayError", "parsing_arrays"]


class DamagedArrayError(ValueError):
    """An array file is damaged, claims more than memory holds, or is none; the message is the reason, in one line."""


@contextmanager
def parsing_arrays() -> Iterator[None]:
    """Let the block read array files with numpy.

    Raises:
        DamagedArrayError: For whatever numpy raises but an OSError, which may say nothing of the file.
    """
    try:
        yield
    except (OSError, GenharnessError):
        raise
    except Exception as error:
        raise DamagedArrayError(reason(error)) from error
