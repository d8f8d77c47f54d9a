"""Maps of features: principal axes of the real ones, t-SNE that can be repeated."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from genharness.figures.maps import principal_axes, tsne


def features(count, width, seed):
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32) * np.arange(1, width + 1)


def test_axes_and_share_are_those_of_scikit_learn_but_for_signs():
    real, fake = features(80, 6, 0), features(50, 6, 1)
    clouds, share = principal_axes([real, fake])
    peer = PCA(2).fit(real)
    assert share == pytest.approx(float(peer.explained_variance_ratio_.sum()), rel=1e-5)
    for cloud, sample in zip(clouds, (real, fake), strict=True):
        theirs = peer.transform(sample)
        signs = np.sign((cloud * theirs).sum(axis=0))
        assert np.allclose(cloud, theirs * signs, atol=1e-3)


def test_the_axes_do_not_hang_on_which_models_are_shown():
    real = features(40, 5, 2)
    alone = principal_axes([real])[0][0]
    assert np.array_equal(alone, principal_axes([real, features(30, 5, 3) * 9])[0][0])


def test_features_of_one_column_or_all_alike_still_have_a_map():
    clouds, share = principal_axes([np.ones((5, 1), np.float32)])
    assert clouds[0].shape == (5, 2)
    assert share == 1.0
    assert np.isfinite(clouds[0]).all()


def test_tsne_is_the_same_for_the_same_seed_and_keeps_neighbours_together():
    real = np.concatenate([features(30, 4, 4), features(30, 4, 5) + 100]).astype(np.float32)
    first, second = (tsne([real, real[:10]], seed=0) for _ in range(2))
    assert [len(one) for one in first] == [60, 10]
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    near, far = first[0][:30], first[0][30:]
    spread = np.linalg.norm(near - near.mean(axis=0), axis=1).max()
    assert np.linalg.norm(near.mean(axis=0) - far.mean(axis=0)) > spread
