"""The nearest rows, beside every distance computed in float64."""

import pytest
import torch

from clouds import collapsed, far_off, lattice, normal, root
from genharness.functional.exact.search import kth_distances, nearest_distinct, own_neighbours
from genharness.functional.exact.tiles import Points

MAKERS = pytest.mark.parametrize("make", [lattice, normal, far_off, collapsed])


def distances(a, b):
    """Return every distance `(n, m)`, each difference taken before it is squared."""
    return root((a.double()[:, None] - b.double()[None]).square().sum(2))


@MAKERS
@pytest.mark.parametrize("k", [1, 5, 40])
def test_the_kth_neighbour_counts_copies_and_not_the_row_itself(make, k):
    rows = make(150, 0)
    points = Points.of(rows)
    table = distances(rows, rows).fill_diagonal_(torch.inf)
    expected = table.sort(1).values[:, k - 1]
    assert torch.allclose(kth_distances(points, k)[points.place], expected, rtol=1e-12, atol=0)


@MAKERS
@pytest.mark.parametrize("k", [1, 5])
def test_the_nearest_distinct_rows_come_in_order_and_ties_by_their_first_occurrence(make, k):
    base, query = Points.of(make(120, 0)).together_with(Points.of(make(80, 1)))
    found = nearest_distinct(query, base, k)
    first = base.rows[base.first]
    table = distances(query.rows[query.first], first)
    by_occurrence = torch.argsort(base.first)
    nearest = table[:, by_occurrence].sort(dim=1, stable=True).indices
    order = by_occurrence[nearest][:, : found.places.shape[1]]
    expected = table.gather(1, order)
    assert torch.allclose(found.distances, expected, rtol=1e-12, atol=0)
    assert torch.equal(first[found.places], first[order])


def test_no_more_are_given_than_there_are():
    base, query = Points.of(normal(3, 0)).together_with(Points.of(normal(5, 1)))
    assert nearest_distinct(query, base, 10).distances.shape == (5, 3)


@MAKERS
def test_neighbours_of_several_ranks_and_those_within_the_first_are_found(make):
    points = Points.of(make(150, 2))
    found = own_neighbours(points, (4, 7, 1, 200))
    for column, rank in enumerate((4, 7, 1)):
        assert torch.equal(found.distances[:, column], kth_distances(points, rank))
    assert found.distances[:, 3].isinf().all()
    rows = points.rows[points.first].double()
    table = root((rows[:, None] - rows[None]).square().sum(2)).fill_diagonal_(torch.inf)
    expected = (table <= found.distances[:, :1] * (1 + 1e-12)).nonzero()
    assert torch.equal(torch.stack([found.row, found.member], 1), expected)
