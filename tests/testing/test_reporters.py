"""The built-in reporters keep the contract that is asked of anybody's."""

import pytest

from genharness.plugin.registry import load_registry
from genharness.testing import reporter_checks


@pytest.mark.parametrize("check", reporter_checks(load_registry().reporters.values()), ids=str)
def test_built_in_reporters(check):
    check()
