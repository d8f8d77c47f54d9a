"""Which points lie in which balls, beside every distance computed in float64."""

import pytest
import torch

from clouds import collapsed, far_off, lattice, normal, root
from genharness.functional.exact.balls import Balls
from genharness.functional.exact.crossing import cross
from genharness.functional.exact.search import kth_distances
from genharness.functional.exact.tiles import Points


def distinct_distances(a, b):
    left, right = a.rows[a.first].double(), b.rows[b.first].double()
    return root((left[:, None] - right[None]).square().sum(2))


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("make", [lattice, normal, far_off, collapsed])
def test_every_point_is_found_in_every_ball_that_holds_it(make, strict):
    real, fake = Points.of(make(130, 0)).together_with(Points.of(make(90, 1)))
    own = [kth_distances(Points.of(points.rows), 3) for points in (real, fake)]
    found = cross(*(Balls(points, radii[:, None], (not strict,)) for points, radii in ((real, own[0]), (fake, own[1]))))
    table = distinct_distances(real, fake)
    in_real = table < own[0][:, None] if strict else table <= own[0][:, None]
    in_fake = table < own[1][None] if strict else table <= own[1][None]
    assert torch.equal(found.of_real.in_ball[:, 0], (in_real * fake.counts).sum(1).double())
    assert torch.equal(found.of_real.held_by[:, 0], (in_real * real.counts[:, None]).sum(0).double())
    assert torch.equal(found.of_fake.held_by[:, 0], (in_fake * fake.counts).sum(1).double())


def test_a_point_on_the_sphere_is_inside_the_closed_ball_alone():
    real, fake = Points.of(torch.tensor([[0.0], [1.0]])).together_with(Points.of(torch.tensor([[2.0]])))
    radii = torch.tensor([2.0, 0.5], dtype=torch.float64)[real.place, None]
    none = Balls(fake, torch.zeros(1, 1, dtype=torch.float64), (False,))
    held = [cross(Balls(real, radii, (closed,)), none).of_real.held_by.item() for closed in (False, True)]
    assert held == [0, 1]
