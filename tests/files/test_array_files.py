"""Whatever numpy raises for damaged array files is one error, and what says nothing of the file passes."""

import io
import tokenize

import numpy as np
import pytest

from genharness.errors import DataError
from genharness.files.array_files import DamagedArrayError, parsing_arrays

HEADERS = [b"{'descr': '<f8', 'shape': (3,", b"{" * 900, b"'" * 30, b"\xff\xfe", b"{'descr': ('<f8', (1, 2, 3)), 'x'}"]


def with_header(text):
    """Return a .npy file of version 1 whose header is some text."""
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize("header", HEADERS)
def test_damaged_headers(header):
    with pytest.raises(DamagedArrayError) as caught, parsing_arrays():
        np.load(io.BytesIO(with_header(header)))
    assert str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [tokenize.TokenError("EOF", (2, 0)), RecursionError("deep"), MemoryError(), KeyError("x"), SyntaxError("no")],
)
def test_every_kind_of_error_is_one_with_a_reason(error):
    with pytest.raises(DamagedArrayError, match=r"\w") as caught, parsing_arrays():
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), DataError("refused"), KeyboardInterrupt()])
def test_trouble_of_the_disk_and_our_own_words_pass(error):
    with pytest.raises(type(error)) as caught, parsing_arrays():
        raise error
    assert caught.value is error
