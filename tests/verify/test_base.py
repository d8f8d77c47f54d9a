"""How far two correct implementations may be apart."""

import pytest

from genharness.verify.base import near


@pytest.mark.parametrize(
    ("value", "scale", "tolerance"), [(100.0, 0, 1e-2), (-100.0, 0, 1e-2), (0.0, 0, 1e-9), (0.0, 50, 5e-5)]
)
def test_the_tolerance_grows_with_the_score_and_with_what_cancels_in_it(value, scale, tolerance):
    found = near(value, scale)
    assert found.value == value
    assert found.tolerance == pytest.approx(tolerance, rel=1e-3)
