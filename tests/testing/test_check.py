"""One named check."""

import unittest

import pytest

from genharness.testing import ConformanceError
from genharness.testing.check import Check, must


def test_a_check_that_cannot_be_run_is_skipped_with_its_reason():
    check = Check("toy", lambda: None, skip_reason=lambda: "no weights")
    with pytest.raises(unittest.SkipTest, match="no weights"):
        check()


def test_conformance_errors_are_assertion_errors():
    assert issubclass(ConformanceError, AssertionError)


def test_a_check_passes_or_says_what_is_broken():
    Check("toy", lambda: must([1], "never said"))()
    with pytest.raises(ConformanceError, match="it is empty"):
        Check("toy", lambda: must([], "it is empty"))()
