"""Balls of several radii around two sets, crossed, beside whole tables of distances."""

import pytest
import torch

from clouds import root
from genharness.functional.exact.balls import Balls
from genharness.functional.exact.crossing import blocks_of, cross
from genharness.functional.exact.tiles import Points


def framed(real, fake):
    return Points.of(real).together_with(Points.of(fake))


def lattice(n, seed):
    return torch.randint(0, 4, (n, 3), generator=torch.Generator().manual_seed(seed)).double()


REAL, FAKE = lattice(60, 0), lattice(50, 1)


def table(first, second):
    return root(torch.cdist(first.rows[first.first], second.rows[second.first]).square().round())


def test_every_radius_is_open_or_closed_as_it_says():
    real, fake = framed(REAL, FAKE)
    radii = torch.tensor([1.0, 2.0, 1.0]).double()
    balls = [Balls(points, radii.expand(len(points), 3), (False, True, True)) for points in (real, fake)]
    found = cross(*balls)
    distances = table(real, fake)
    inside = torch.stack([distances < 1, distances <= 2, distances <= 1])
    assert torch.equal(found.of_real.in_ball, (inside * fake.counts).sum(2).T.double())
    assert torch.equal(found.of_real.held_by, (inside * real.counts[:, None]).sum(1).T.double())
    assert torch.equal(found.of_fake.in_ball, (inside * real.counts[:, None]).sum(1).T.double())


def test_an_infinite_radius_holds_everything():
    real, fake = framed(REAL, FAKE)
    endless = [Balls(points, torch.full((len(points), 1), torch.inf).double(), (False,)) for points in (real, fake)]
    assert (cross(*endless).of_real.in_ball == len(FAKE)).all()


def test_balls_count_as_often_as_they_say():
    real, fake = framed(REAL, FAKE)
    weights = torch.arange(len(real))
    one = Balls(real, torch.full((len(real), 1), 1.5).double(), (False,), weights)
    other = Balls(fake, torch.full((len(fake), 1), 1.5).double(), (False,))
    near = table(real, fake) < 1.5
    assert torch.equal(cross(one, other).of_real.held_by[:, 0], weights.double() @ near.double())
    assert torch.equal(cross(one, other).of_real.in_ball[:, 0], near.double() @ fake.counts.double())


@pytest.mark.parametrize("chosen", [[3], [0, 7, 9, 20]])
def test_some_rows_of_a_set_can_be_crossed_with_the_blocks_of_the_other(chosen):
    real, fake = framed(REAL, FAKE)
    some = fake.chosen(torch.tensor(chosen), torch.full((len(chosen),), 2))
    radius = torch.tensor([[1.5]]).double()
    balls = Balls(real, radius.expand(len(real), 1), (False,)), Balls(some, radius.expand(len(some), 1), (False,))
    found = cross(*balls, blocks=(blocks_of(real, len(real)), None))
    assert torch.equal(found.of_real.in_ball[:, 0], 2.0 * (table(real, fake)[:, chosen] < 1.5).sum(1))


def test_a_reordered_set_is_the_same_set():
    real, _ = framed(REAL, FAKE)
    turned = real.reordered(torch.arange(len(real)).flip(0))
    assert torch.equal(turned.rows[turned.first[turned.place]], real.rows)
    assert torch.equal(turned.counts[turned.place], real.counts[real.place])
