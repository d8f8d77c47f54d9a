"""Maps of latent codes: what a plane makes of Gaussians, and files that may be damaged."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from genharness.figures.latents import Ellipses, ellipse_outline, latent_map, read_latents, write_latents


def prior(width, count=3, seed=0):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(count, width, width))
    return Ellipses(rng.normal(size=(count, width)), factors @ factors.transpose(0, 2, 1))


def test_gaussians_go_to_the_plane_as_what_is_drawn_from_them_does():
    given, codes = prior(5), np.random.default_rng(1).normal(size=(200, 5)) * np.arange(1, 6)
    found = latent_map(codes, None, given)
    peer = PCA(2).fit(codes)
    assert found.share == pytest.approx(peer.explained_variance_ratio_.sum())
    for place in range(3):
        drawn = np.random.default_rng(2).multivariate_normal(given.means[place], given.covariances[place], 400_000)
        moved = peer.transform(drawn) * np.sign((peer.transform(codes) * found.codes).sum(axis=0))
        scale = np.sqrt(np.trace(found.prior.covariances[place]))
        assert np.allclose(found.prior.means[place], moved.mean(axis=0), atol=0.02 * scale)
        assert np.allclose(found.prior.covariances[place], np.cov(moved, rowvar=False), atol=0.02 * scale**2)


def test_codes_of_two_dimensions_stay_as_they_are():
    codes, given = np.random.default_rng(0).normal(size=(9, 2)), prior(2)
    found = latent_map(codes, np.arange(9), given)
    assert np.array_equal(found.codes, codes)
    assert found.prior is given
    assert found.share == 1.0


@pytest.mark.parametrize("covariance", [[[4.0, 1.0], [1.0, 2.0]], [[1.0, 1.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])
def test_an_outline_lies_two_deviations_out(covariance):
    mean, matrix = np.array([1.0, -2.0]), np.array(covariance)
    outline = ellipse_outline(mean, matrix)
    inverse = np.linalg.pinv(matrix)
    distances = np.einsum("ni,ij,nj->n", outline - mean, inverse, outline - mean)
    rank = np.linalg.matrix_rank(matrix)
    assert distances.max(initial=0) == pytest.approx(4.0 if rank else 0.0, abs=1e-6)
    if rank == 2:
        assert np.allclose(distances, 4.0)


def test_a_file_gives_what_was_written(tmp_path):
    found = latent_map(np.random.default_rng(0).normal(size=(20, 4)), np.arange(20) % 3, prior(4))
    write_latents(tmp_path / "latents.npz", found)
    again = read_latents(tmp_path / "latents.npz")
    assert np.allclose(again.codes, found.codes, atol=1e-6)
    assert np.array_equal(again.labels, found.labels)
    assert np.allclose(again.prior.covariances, found.prior.covariances, rtol=1e-5)
    assert again.share == found.share


@pytest.mark.parametrize("damage", ["", "text", "shape", "infinite", "labels", "pickle"])
def test_what_is_damaged_is_none(tmp_path, damage):
    path = tmp_path / "latents.npz"
    good = {"codes": np.zeros((3, 2)), "means": np.zeros((1, 2)), "covariances": np.eye(2)[None], "share": 1.0}
    if damage == "text":
        path.write_text("PK\x03\x04 no archive")
    elif damage:
        wrong = {
            "shape": {"codes": np.zeros((3, 5))},
            "infinite": {"codes": np.full((3, 2), np.inf)},
            "labels": {"labels": np.zeros(9, int)},
            "pickle": {"codes": np.array([{}, []], dtype=object)},
        }[damage]
        np.savez(path, **(good | wrong))
    assert read_latents(path) is None
