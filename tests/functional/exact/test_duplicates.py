"""Equal rows of a matrix, beside the direct way to find them."""

from __future__ import annotations

import pytest
import torch

from genharness.functional.exact.duplicates import first_equal_rows


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_row_knows_the_first_that_equals_it(dtype):
    rows = torch.randint(0, 3, (200, 4), generator=torch.Generator().manual_seed(0)).to(dtype)
    table = (rows[:, None] == rows[None]).all(2)
    assert torch.equal(first_equal_rows(rows, rows.square().sum(1)), table.int().argmax(1))


def test_zeros_of_either_sign_are_equal():
    rows = torch.tensor([[0.0, 1.0], [-0.0, 1.0], [0.0, -1.0]])
    assert first_equal_rows(rows, torch.zeros(3)).tolist() == [0, 0, 2]


def test_rows_whose_hashes_clash_keep_their_own_index(monkeypatch):
    place = "genharness.functional.exact.duplicates._hashes"
    monkeypatch.setattr(place, lambda rows, which: torch.zeros(len(which)).long())
    rows = torch.tensor([[1.0], [2.0], [1.0], [3.0]])
    assert first_equal_rows(rows, torch.zeros(4)).tolist() == [0, 1, 0, 3]


def test_rows_whose_keys_differ_are_not_looked_at():
    assert first_equal_rows(torch.ones(3, 2), torch.arange(3)).tolist() == [0, 1, 2]
