"""Cells of feature space."""

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans

from genharness.errors import NotDefinedError
from genharness.functional.clusters import cell_counts, cells_of, kmeans_centres

ROWS = np.random.default_rng(0).normal(size=(300, 5))


def test_centres_are_those_of_scikit_learn():
    expected = KMeans(7, n_init=1, random_state=3).fit(ROWS).cluster_centers_
    assert torch.allclose(kmeans_centres(ROWS, 7, seed=3), torch.from_numpy(expected))


def test_every_row_falls_in_the_cell_of_its_nearest_centre():
    centres = kmeans_centres(ROWS, 7, seed=0)
    distances = np.linalg.norm(ROWS[:, None] - centres.numpy()[None], axis=2)
    assert cells_of(ROWS, centres).tolist() == distances.argmin(1).tolist()
    assert cell_counts(ROWS, centres).tolist() == np.bincount(distances.argmin(1), minlength=7).tolist()


def test_an_empty_cell_is_counted_too():
    centres = torch.tensor([[0.0], [100.0], [10.0]])
    assert cell_counts(np.array([[1.0], [9.0]]), centres).tolist() == [1, 0, 1]


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1e9, 1e200])
def test_the_scale_of_the_features_moves_no_row_to_another_cell(scale):
    expected = cells_of(ROWS, kmeans_centres(ROWS, 5, seed=0))
    rows = ROWS * scale
    found = kmeans_centres(rows, 5, seed=0)
    assert torch.isfinite(found).all()
    if 1e-150 < scale < 1e150:  # beyond, squares of distances themselves leave float64
        assert torch.equal(cells_of(rows, found), expected)


def test_a_seed_repeats_the_centres():
    assert torch.equal(kmeans_centres(ROWS, 5, seed=1), kmeans_centres(ROWS, 5, seed=1))


def test_more_cells_than_distinct_rows_are_refused():
    with pytest.raises(NotDefinedError, match="cells = 4 need at least 4 rows in reals, which has 3"):
        kmeans_centres(np.eye(3), 4, seed=0, name="reals")
    with pytest.raises(NotDefinedError, match="more than the distinct rows of reals"):
        kmeans_centres(np.ones((10, 2)), 2, seed=0, name="reals")
