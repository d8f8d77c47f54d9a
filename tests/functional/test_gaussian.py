"""Fitting Gaussians, and reading and writing their files."""

from __future__ import annotations

import pickle
import zipfile

import numpy as np
import pytest

from genharness.errors import DataError
from genharness.functional.gaussian import GaussianStatistics


def samples(n, d, dtype=np.float64):
    return (np.random.default_rng(n).standard_normal((n, d)) * 2 + 5).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d"), [(2, 1), (2, 5), (5, 5), (6, 5), (100, 1), (9000, 20)])
def test_mean_and_covariance_are_those_of_numpy(n, d, dtype):
    features = samples(n, d, dtype)
    fitted = GaussianStatistics.fit(features)
    assert (fitted.count, fitted.width) == (n, d)
    np.testing.assert_allclose(fitted.mean, features.astype(np.float64).mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(fitted.covariance, np.cov(features, rowvar=False).reshape(d, d), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("n", [3, 20, 200])
def test_the_factor_makes_the_covariance(n):
    fitted = GaussianStatistics.fit(samples(n, 20))
    for statistics in (fitted, GaussianStatistics(fitted.mean, fitted.covariance)):
        np.testing.assert_allclose(statistics.factor.T @ statistics.factor, fitted.covariance, rtol=0, atol=1e-13)


def test_only_a_regular_covariance_has_a_cholesky_factor():
    regular, singular = GaussianStatistics.fit(samples(200, 20)), GaussianStatistics.fit(samples(20, 20))
    np.testing.assert_allclose(regular.cholesky @ regular.cholesky.T, regular.covariance, rtol=1e-13)
    np.testing.assert_array_equal(regular.cholesky, np.tril(regular.cholesky))
    assert singular.cholesky is None


@pytest.mark.parametrize(
    ("mean", "covariance", "message"),
    [
        (np.zeros((2, 2)), np.eye(2), r"mean must be of shape \(d,\)"),
        (np.zeros(0), np.zeros((0, 0)), r"mean must be of shape \(d,\)"),
        (np.zeros(3), np.eye(2), r"covariance must be of shape \(3, 3\), not \(2, 2\)"),
        (np.zeros(2), np.full((2, 2), np.nan), "NaN or infinity"),
        (np.array([0, np.inf]), np.eye(2), "NaN or infinity"),
    ],
)
def test_moments_that_do_not_fit_are_refused(mean, covariance, message):
    with pytest.raises(ValueError, match=message):
        GaussianStatistics(mean, covariance)


@pytest.mark.parametrize("count", [None, 30])
def test_what_is_saved_is_loaded_bit_for_bit(tmp_path, count):
    fitted = GaussianStatistics.fit(samples(30, 4))
    GaussianStatistics(fitted.mean, fitted.covariance, count).save(tmp_path / "statistics")
    loaded = GaussianStatistics.load(tmp_path / "statistics")
    np.testing.assert_array_equal(loaded.mean, fitted.mean)
    np.testing.assert_array_equal(loaded.covariance, fitted.covariance)
    assert loaded.count == count
    assert [path.name for path in tmp_path.iterdir()] == ["statistics"]


def test_pytorch_fid_reads_what_is_saved(tmp_path):
    fid_score = pytest.importorskip("pytorch_fid.fid_score")
    path = tmp_path / "statistics.npz"
    fitted = GaussianStatistics.fit(samples(30, 4))
    fitted.save(path)
    mu, sigma = fid_score.compute_statistics_of_path(str(path), None, 1, 4, "cpu")
    np.testing.assert_array_equal(mu, fitted.mean)
    np.testing.assert_array_equal(sigma, fitted.covariance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_peers_compressed_files_are_read_as_float64(tmp_path, dtype):
    mu, sigma = np.arange(3, dtype=dtype), np.eye(3, dtype=dtype)
    np.savez_compressed(tmp_path / "peer.npz", mu=mu, sigma=sigma)
    loaded = GaussianStatistics.load(tmp_path / "peer.npz")
    assert loaded.mean.dtype == loaded.covariance.dtype == np.float64
    np.testing.assert_array_equal(loaded.covariance, np.eye(3))
    assert loaded.count is None


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("the file was unpickled",))


def damaged(tmp_path):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, mu=np.zeros(60), sigma=np.random.default_rng(0).random((60, 60)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"feats": np.zeros(3)}, "holds no mu and no sigma, so it is no statistics file"),
        ({"mu": np.zeros(3)}, "holds no sigma"),
        ({"mu": np.zeros(3), "sigma": np.eye(2)}, r"covariance must be of shape \(3, 3\)"),
        ({"mu": np.zeros(3), "sigma": np.full((3, 3), np.nan)}, "NaN"),
        ({"mu": np.zeros(2), "sigma": np.array([[1.0, 2.0], [0.0, 1.0]])}, "sigma is not symmetric"),
        ({"mu": np.zeros(2), "sigma": -np.eye(2)}, "negative variance"),
        ({"mu": np.zeros(2), "sigma": np.eye(2, dtype=complex)}, "sigma holds complex128, not real numbers"),
        ({"mu": np.array(["a", "b"]), "sigma": np.eye(2)}, "mu holds <U1, not real numbers"),
        ({"mu": np.array([Trap(), Trap()]), "sigma": np.eye(2)}, "no readable .npz of plain arrays"),
        ({"mu": np.zeros(2), "sigma": np.eye(2), "count": np.array([3, 4])}, "count must be one whole number"),
        ({"mu": np.zeros(2), "sigma": np.eye(2), "count": np.array(1)}, "count must be one whole number"),
    ],
)
def test_a_file_of_something_else_is_named(tmp_path, arrays, message):
    path = tmp_path / "other.npz"
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=message) as caught:
        GaussianStatistics.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "pickle", "npy", "zip", "cut", "damaged"])
def test_an_unreadable_file_is_named(tmp_path, kind):
    path = tmp_path / "statistics.npz"
    if kind == "folder":
        path.mkdir()
    elif kind == "npy":
        with path.open("wb") as file:
            np.save(file, np.eye(3))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mu", "not an array")
            archive.writestr("sigma.npy", "not an array")
    elif kind == "cut":
        GaussianStatistics.fit(samples(30, 4)).save(path)
        path.write_bytes(path.read_bytes()[:-40])
    elif kind != "missing":
        contents = {"empty": b"", "text": b"mu, sigma", "pickle": pickle.dumps(Trap())}
        path.write_bytes(contents[kind] if kind in contents else damaged(tmp_path))
    with pytest.raises(DataError) as caught:
        GaussianStatistics.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_sigma_that_no_data_has_is_refused(tmp_path):
    sigma = np.array([[1.0, 3.0], [3.0, 1.0]])  # symmetric, with eigenvalues 4 and -2
    np.savez(tmp_path / "s.npz", mu=np.zeros(2), sigma=sigma)
    with pytest.raises(DataError, match="negative eigenvalue"):
        GaussianStatistics.load(tmp_path / "s.npz")


def test_a_singular_sigma_with_rounding_below_zero_is_accepted(tmp_path):
    rows = np.random.default_rng(0).normal(size=(5, 30)).astype(np.float32)
    np.savez(tmp_path / "s.npz", mu=rows.mean(0), sigma=np.cov(rows, rowvar=False).astype(np.float32))
    assert GaussianStatistics.load(tmp_path / "s.npz").width == 30


def test_a_singular_sigma_kept_in_float32_is_accepted(tmp_path):
    """Rounded to float32, zeros among the eigenvalues fall below zero by more than those of float64."""
    rng = np.random.default_rng(0)
    rows = np.maximum(rng.normal(size=(100, 600)) + rng.normal(size=(100, 1)), 0)
    sigma = np.cov(rows, rowvar=False).astype(np.float32)
    assert np.linalg.eigvalsh(sigma.astype(np.float64))[0] < 0
    np.savez(tmp_path / "s.npz", mu=rows.mean(0), sigma=sigma)
    assert GaussianStatistics.load(tmp_path / "s.npz").width == 600
