"""Small entries of a tile, beside the direct way to find them."""

from __future__ import annotations

import pytest
import torch

from genharness.functional.exact.small_entries import SmallEntries


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("share", [0.0, 1e-4, 0.01, 0.5, 1.0])
def test_entries_below_the_limits_are_listed_row_by_row(share, transposed):
    tile = torch.rand(96, 160, generator=torch.Generator().manual_seed(0))
    limits = torch.full((160 if transposed else 96,), share)
    limits[::3] = -torch.inf
    row, column, value = SmallEntries(tile, limits, transposed=transposed).listed()
    turned = tile.T if transposed else tile
    expected = (turned < limits[:, None]).nonzero()
    found = torch.stack([row, column], 1)
    assert (row.diff() >= 0).all()
    assert sorted(found.tolist()) == expected.tolist()
    assert torch.equal(value, turned[row, column])


def test_an_entry_at_its_limit_is_not_below_it():
    tile = torch.ones(32, 32)
    assert len(SmallEntries(tile, torch.ones(32)).listed()[0]) == 0


def test_many_entries_are_an_eighth_of_the_groups_or_more():
    tile = torch.ones(32, 256)
    tile[:, 0] = 0
    assert SmallEntries(tile, torch.full((32,), 0.5)).many
    tile[0, 0] = 1
    assert not SmallEntries(tile, torch.full((32,), 0.5)).many
