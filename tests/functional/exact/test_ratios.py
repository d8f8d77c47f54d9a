"""The largest ratio of a radius to a distance, beside whole tables."""

import pytest
import torch

from clouds import root
from genharness.functional.exact.balls import Balls
from genharness.functional.exact.crossing import cross
from genharness.functional.exact.tiles import Points


def largest(rows, count, radii):
    """Return the ratios of all rows but the first `count`, whose radii are given."""
    real, fake = Points.of(rows[:count]).together_with(Points.of(rows[count:]))
    balls = [Balls(points, torch.zeros(len(points), 1, dtype=torch.float64), (False,)) for points in (real, fake)]
    found = cross(*balls, ratio_radii=radii[real.first])
    return found.ratio[fake.place]


def expected(rows, count, radii):
    wide = rows.double()
    distances = root((wide[count:, None] - wide[None, :count]).square().sum(2))
    return (radii / distances).max(1).values


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("spread", "offset"), [(1.0, 0.0), (1e-4, 5.0)])
def test_it_is_that_of_all_pairs_however_unlike_the_radii_are(dtype, spread, offset):
    generator = torch.Generator().manual_seed(0)
    rows = (offset + spread * torch.randn(400, 12, generator=generator, dtype=torch.float64)).to(dtype)
    radii = spread * torch.rand(300, generator=generator, dtype=torch.float64) ** 4
    torch.testing.assert_close(largest(rows, 300, radii), expected(rows, 300, radii), rtol=1e-12, atol=0)


def test_centres_of_radius_0_do_not_count():
    rows = torch.randn(100, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    radii = torch.where(torch.arange(60) % 3 == 0, 1.0, 0.0).double()
    torch.testing.assert_close(largest(rows, 60, radii), expected(rows, 60, radii), rtol=1e-12, atol=0)
    assert (largest(rows, 60, torch.zeros(60).double()) == 0).all()


def test_at_a_centre_it_is_infinite():
    rows = torch.randn(20, 3, generator=torch.Generator().manual_seed(1))
    rows[15] = rows[2]
    assert largest(rows, 10, torch.ones(10).double())[5] == torch.inf
