"""Amounts of memory as people write them."""

import sys

import pytest

from genharness.errors import ConfigError
from genharness.spec.memory import parse_memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")


@pytest.mark.parametrize(("text", "amount"), [("", 0), ("4GiB", 2**32), ("512 MiB", 2**29), ("1.5gib", 3 * 2**29)])
def test_amounts_are_read_in_binary_units(text, amount):
    assert parse_memory(text) == amount


@pytest.mark.parametrize("text", ["4", "4GB", "lots", "-1GiB", "0MiB", "0.1MiB"])
def test_what_is_no_amount_is_refused_with_an_example(text):
    with pytest.raises(ConfigError, match="write it as 512MiB or 4GiB"):
        parse_memory(text)
