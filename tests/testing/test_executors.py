"""The built-in executors keep the contract that is asked of anybody's."""

import pytest

from genharness.plugin.registry import load_registry
from genharness.testing import executor_checks


@pytest.mark.parametrize("check", executor_checks(load_registry().executors.values()), ids=str)
def test_built_in_executors(check):
    check()
