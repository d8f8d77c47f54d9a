"""MIND of 10,000 x 2048 features along 1,000 directions, beside POT and, where a release has it, torch-fidelity.

    pytest benchmarks/bench_mind.py

Target: 1.5 s on two cores.
"""

from __future__ import annotations

import importlib.util

import ot
import pytest
import torch

from genharness.functional.mind import draw_directions, mind

ROWS, COLUMNS, DIRECTIONS = 10_000, 2048, 1000


@pytest.fixture(scope="module")
def features():
    generator = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, ROWS, COLUMNS, generator=generator)
    return real, 1.1 * fake


def ours(real, fake):
    return mind(real, fake, kind="random")


def ours_orthogonal(real, fake):
    return mind(real, fake)


def pot(real, fake):
    axes = draw_directions(COLUMNS, DIRECTIONS, "random", torch.Generator().manual_seed(2020))
    return 3 * COLUMNS * float(ot.sliced_wasserstein_distance(real, fake, projections=axes.T)) ** 2


def torch_fidelity(real, fake):
    if importlib.util.find_spec("torch_fidelity.metric_mind") is None:
        pytest.skip("this release of torch-fidelity has no MIND")
    from torch_fidelity.metric_mind import KEY_METRIC_MIND, mind_features_to_metric

    return mind_features_to_metric(fake, real, verbose=False)[KEY_METRIC_MIND]


@pytest.mark.parametrize("function", [ours_orthogonal, ours, pot, torch_fidelity], ids=lambda one: one.__name__)
def test_mind(benchmark, features, function):
    benchmark.group = f"{ROWS}x{COLUMNS}, {DIRECTIONS} directions"
    value = benchmark.pedantic(function, features, rounds=3, iterations=1)
    assert value == pytest.approx(ours(*features), rel=0.05 if function is ours_orthogonal else 1e-3)
