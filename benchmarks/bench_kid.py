"""KID, 100 subsets of 1000, beside torch-fidelity on the same subsets: read the ratios in brackets.

pytest benchmarks/bench_kid.py
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

from genharness.functional.kid import kid

SIZES = [(2000, 2048), (5000, 2048), (10000, 2048), (10000, 64)]


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def features(request):
    rng = np.random.default_rng(0)
    real, fake = rng.random((2, *request.param), dtype=np.float32)
    fake *= np.float32(1.1)
    return real, fake, ours(real, fake)


def ours(real, fake):
    return kid(real, fake).mean


def torch_fidelity(real, fake):
    options = {"kid_kernel": "poly", "kid_kernel_poly_degree": 3, "kid_kernel_poly_gamma": None}
    sizes = {"kid_subsets": 100, "kid_subset_size": 1000, "kid_kernel_poly_coef0": 1, "rng_seed": 2020}
    result = kid_features_to_metric(torch.from_numpy(fake), torch.from_numpy(real), **options, **sizes, verbose=False)
    return result[KEY_METRIC_KID_MEAN]


@pytest.mark.parametrize("function", [torch_fidelity, ours])
def test_kid(benchmark, features, function):
    real, fake, expected = features
    benchmark.group = f"{len(real)}x{real.shape[1]}"
    value = benchmark.pedantic(function, (real, fake), rounds=3 if function is ours else 1, iterations=1)
    assert value == pytest.approx(expected, rel=1e-4)
