"""Frechet distance beside pytorch-fid and torch-fidelity: each group is one task, read its ratios in brackets.

    pytest benchmarks/bench_frechet.py

On a busy machine, `OPENBLAS_NUM_THREADS=1` and `--benchmark-timer=time.process_time` compare processor time instead.

From statistics where samples outnumber dimensions, because all fit the same covariances; from features where not.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from pytorch_fid.fid_score import calculate_frechet_distance
from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric

from genharness.functional.frechet import GaussianStatistics, frechet_distance, frechet_distance_from_statistics


def features(n, d):
    rng = np.random.default_rng(d)
    scales = np.linspace(0.3, 1.5, d)
    real, fake = (rng.standard_normal((n, d)) * scales + shift for shift in (0.4, 0.45))
    return real, fake @ np.linalg.qr(rng.standard_normal((d, d)))[0]


def statistics(samples):
    fitted = fid_features_to_statistics(torch.from_numpy(samples))
    return fitted["mu"], fitted["sigma"]


@pytest.fixture(scope="module", params=[(10000, 2048), (10000, 64)], ids=lambda size: f"{size[0]}x{size[1]}")
def fitted(request):
    return [statistics(samples) for samples in features(*request.param)]


@pytest.fixture(scope="module", params=[(1000, 2048)], ids=lambda size: f"{size[0]}x{size[1]}")
def few(request):
    return features(*request.param)


def ours(real, fake):
    return frechet_distance_from_statistics(GaussianStatistics(*real), GaussianStatistics(*fake))


def pytorch_fid(real, fake):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # sqrtm(disp=...), which SciPy 1.18 removes
        warnings.filterwarnings("ignore", message="Matrix is singular")
        return calculate_frechet_distance(*real, *fake)


def torch_fidelity(real, fake):
    real, fake = ({"mu": mu, "sigma": sigma} for mu, sigma in (real, fake))
    return fid_statistics_to_metric(real, fake, verbose=False)[KEY_METRIC_FID]


def from_features(distance):
    return lambda real, fake: distance(statistics(real), statistics(fake))


def measure(benchmark, function, real, fake, expected):
    large = max(array.shape[-1] for array in (*real, *fake)) > 256
    value = benchmark.pedantic(function, (real, fake), rounds=3 if large else 50, iterations=1)
    assert value == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("function", [pytorch_fid, torch_fidelity, ours])
def test_from_statistics(benchmark, fitted, function, request):
    benchmark.group = f"from statistics {request.node.callspec.id.split('-')[0]}"
    measure(benchmark, function, *fitted, expected=ours(*fitted))


def test_from_statistics_with_the_factor_kept(benchmark, fitted, request):
    benchmark.group = f"from statistics {request.node.callspec.id}"
    real, fake = (GaussianStatistics(*moments) for moments in fitted)
    expected = frechet_distance_from_statistics(real, fake)
    assert benchmark(frechet_distance_from_statistics, real, fake) == expected


@pytest.mark.parametrize(
    "function",
    [from_features(pytorch_fid), from_features(torch_fidelity), frechet_distance],
    ids=["pytorch_fid", "torch_fidelity", "ours"],
)
def test_fewer_samples_than_dimensions(benchmark, few, function):
    benchmark.group = "from features"
    measure(benchmark, function, *few, expected=frechet_distance(*few))
