"""The memorisation distance: brute force, torchmetrics, and copies."""

import numpy as np
import pytest
import torch
from torchmetrics.image.mifid import _compute_cosine_distance

from genharness.functional.copying.cosine import mifid, nearest_cosines

RNG = np.random.default_rng(0)
BASE, ROWS = np.abs(RNG.normal(size=(70, 9))), np.abs(RNG.normal(size=(50, 9)))


def test_distances_are_those_of_the_definition():
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (BASE, ROWS - 0.3)]
    assert nearest_cosines(BASE, ROWS - 0.3) == pytest.approx((1 - np.abs(unit[1] @ unit[0].T)).min(1))


def test_torchmetrics_with_its_arguments_turned_round_agrees():
    theirs = _compute_cosine_distance(torch.from_numpy(ROWS), torch.from_numpy(BASE), 1.0)
    assert nearest_cosines(BASE, ROWS).mean() == pytest.approx(float(theirs), rel=1e-9)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_copies_are_at_no_distance_at_any_scale(scale):
    assert nearest_cosines(BASE, scale * BASE[:20]) == pytest.approx(0, abs=1e-12)


def test_rows_that_sum_to_zero_are_kept_and_rows_of_zeros_are_not():
    rows = np.array([[1.0, -1.0], [0.0, 0.0]])
    assert nearest_cosines(np.eye(2), rows).tolist() == pytest.approx([1 - 0.5**0.5])
    with pytest.raises(ValueError, match="all rows of rows are zero"):
        nearest_cosines(np.eye(2), np.zeros((3, 2)))


@pytest.mark.parametrize(("fid", "distance", "expected"), [(12, 0.4, 12), (12, 0.1, 12), (12, 0.05, 240), (0, 0.01, 0)])
def test_mifid_is_fid_but_where_a_model_memorises(fid, distance, expected):
    assert mifid(fid, distance) == pytest.approx(expected)
