"""The nearest rows that tiles offer, beside whole tables of distances."""

import pytest
import torch

from clouds import collapsed, far_off, lattice, normal, root
from genharness.functional.exact.balls import Balls
from genharness.functional.exact.closest import Closest, closest_of_few
from genharness.functional.exact.crossing import cross
from genharness.functional.exact.tiles import Points


def no_balls(points):
    return Balls(points, torch.zeros(len(points), 1, dtype=torch.float64), (False,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("spread", [1.0, 1e-4])
def test_the_nearest_is_that_of_all_distances_however_close_they_are(dtype, spread):
    generator = torch.Generator().manual_seed(0)
    rows = (5 + spread * torch.randn(300, 20, generator=generator, dtype=torch.float64)).to(dtype)
    real, fake = Points.of(rows[:200]).together_with(Points.of(rows[200:]))
    distance, place = cross(no_balls(real), no_balls(fake), nearest=True).of_fake.nearest
    wide = rows.double()
    expected = root((wide[200:, None] - wide[None, :200]).square().sum(2)).min(1)
    torch.testing.assert_close(distance[fake.place], expected.values, rtol=1e-12, atol=0)
    assert torch.equal(real.first[place[fake.place]], expected.indices)


def test_of_rows_equally_near_the_first_is_the_nearest():
    rows = torch.tensor([[1.0], [-1.0], [1.0], [0.0]])
    real, fake = Points.of(rows[:3]).together_with(Points.of(rows[3:]))
    _, place = cross(no_balls(real), no_balls(fake), nearest=True).of_fake.nearest
    assert real.first[place].tolist() == [0]


def test_a_limit_falls_with_what_tiles_have_shown():
    points = Points.of(torch.randn(4, 2, generator=torch.Generator().manual_seed(0)))
    closest, block, doubt = Closest(points, points), torch.arange(4), torch.full((4,), 0.1).double()
    first = closest.limit(block, torch.full((4,), 2.0).double(), doubt, torch.float32)
    second = closest.limit(block, torch.full((4,), 1.0).double(), doubt, torch.float32)
    third = closest.limit(block, torch.full((4,), 3.0).double(), doubt, torch.float32)
    assert (first > 2).all()
    assert (second < first).all()
    torch.testing.assert_close(third, second, rtol=1e-5, atol=0)


@pytest.mark.parametrize("make", [lattice, normal, far_off, collapsed])
@pytest.mark.parametrize("rows", [(700, 90), (90, 700), (1, 40), (40, 1)])
def test_the_closest_of_few_are_the_first_of_those_nearest_by_every_distance(make, rows):
    base, query = Points.of(make(rows[0], 0)).together_with(Points.of(make(rows[1], 1)))
    found = closest_of_few(query, base)
    if found is None:
        assert make in (far_off, collapsed)  # distances that are alike within rounding are for the longer search
        return
    wide, rows_of_query = base.rows.double(), query.rows[query.first].double()
    table = root((rows_of_query[:, None] - wide[None]).square().sum(2))
    torch.testing.assert_close(found[0], table.min(1).values, rtol=1e-12, atol=0)
    assert torch.equal(base.rows[base.first[found[1]]], base.rows[table.argmin(1)])


def test_rows_that_are_all_alike_within_rounding_are_left_to_the_longer_search():
    points = Points.of(1 + 1e-7 * torch.randn(300, 8, generator=torch.Generator().manual_seed(0)))
    shifted = Points.of(torch.full((3, 8), 1e3) + torch.arange(3.0)[:, None])
    assert closest_of_few(*reversed(points.together_with(shifted))) is None
