"""The built-in trackers keep the contract that is asked of anybody's."""

import pytest

from genharness.plugin.registry import load_registry
from genharness.testing import tracker_checks


@pytest.mark.parametrize("check", tracker_checks(load_registry().trackers.values()), ids=str)
def test_built_in_trackers(check):
    check()
