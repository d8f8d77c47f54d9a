"""Frechet distances equal those of torch-fidelity and pytorch-fid, both recomputed here."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from genharness.functional.frechet import GaussianStatistics, frechet_distance, frechet_distance_from_statistics

torch_fidelity = pytest.importorskip("torch_fidelity.metric_fid")
pytorch_fid = pytest.importorskip("pytorch_fid.fid_score")

KINDS = ("random", "shifted", "correlated", "rank_deficient")
GRID = [(n, d) for n in (2, 3, 16, 129, 1024, 4096) for d in (2, 16, 64, 256)]
LARGE = [  # each size with the kinds that are hard there: with all, eigenvalues of 2048 columns would take an hour
    (32768, 2, "random"),
    (32768, 256, "shifted"),
    (32768, 256, "rank_deficient"),
    (4096, 768, "correlated"),
    (2, 2048, "shifted"),
    (512, 2048, "correlated"),
    (2049, 2048, "correlated"),
    (4096, 2048, "rank_deficient"),
    (32768, 2048, "shifted"),
]
LARGE_BY_ROOTS = [(4096, 1024, "correlated"), (2049, 1024, "rank_deficient"), (4096, 2048, "shifted")]


def features(kind, n, d):
    rng = np.random.default_rng(n * d)
    real, fake = rng.standard_normal((n, d)), rng.standard_normal((n, d))
    if kind == "shifted":
        return real, fake * 1.5 + 0.5
    if kind == "correlated":
        mix = np.eye(d) + 0.9 * np.eye(d, k=1) + 0.5 * np.eye(d, k=2)
        return real @ mix, fake @ mix.T
    if kind == "rank_deficient":
        rank = max(1, d // 4)
        into = rng.standard_normal((2, rank, d)) / np.sqrt(rank)
        return real[:, :rank] @ into[0], fake[:, :rank] @ into[1]
    return real, fake


def moments(samples):
    return {"mu": samples.mean(axis=0), "sigma": np.atleast_2d(np.cov(samples, rowvar=False))}


def by_torch_fidelity(real, fake):
    metric = torch_fidelity.fid_statistics_to_metric(real, fake, False)
    return metric[torch_fidelity.KEY_METRIC_FID]


def by_pytorch_fid(real, fake):
    with warnings.catch_warnings():
        # It asks sqrtm for disp, which SciPy deprecates and 1.18 removes, and takes roots of singular matrices.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", message="Matrix is singular")
        try:
            return pytorch_fid.calculate_frechet_distance(*real.values(), *fake.values())
        except TypeError as error:
            pytest.skip(f"pytorch-fid does not run on this SciPy: {error}")


def cases(large):
    """Return every kind over the grid, and some large ones that are slow."""
    return [
        *((n, d, kind) for n, d in GRID for kind in KINDS),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in large),
    ]


@pytest.mark.parametrize(("n", "d", "kind"), cases(LARGE))
def test_torch_fidelity_agrees(n, d, kind):
    real, fake = features(kind, n, d)
    expected = by_torch_fidelity(moments(real), moments(fake))
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("n", "d", "kind"), cases(LARGE_BY_ROOTS))
def test_pytorch_fid_agrees(n, d, kind):
    real, fake = features(kind, n, d)
    expected = by_pytorch_fid(moments(real), moments(fake))
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("d", [2, 64, 256])
def test_torch_fidelity_agrees_on_sets_of_different_size(d, kind):
    real, _ = features(kind, 700, d)
    _, fake = features(kind, 100, d)
    expected = by_torch_fidelity(moments(real), moments(fake))
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_torch_fidelity_agrees_on_bare_statistics(kind):
    real, fake = map(moments, features(kind, 300, 64))
    a, b = (GaussianStatistics(s["mu"], s["sigma"]) for s in (real, fake))
    assert frechet_distance_from_statistics(a, b) == pytest.approx(by_torch_fidelity(real, fake), rel=1e-6)
