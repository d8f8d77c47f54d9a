import math

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal

from genharness.kit.ode_density import log_density, standard_normal_log_density


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def times(steps):
    return [step / steps for step in range(steps + 1)]


def normal(*shape):
    return torch.randn(*shape, generator=generator(1), dtype=torch.float64)


def test_the_standard_normal_is_that_of_torch():
    x = normal(5, 2, 3)
    assert torch.allclose(standard_normal_log_density(x), Normal(0.0, 1.0).log_prob(x).flatten(1).sum(1))


@pytest.mark.parametrize("way", [1, -1])
def test_a_linear_flow_gives_the_density_of_its_gaussian(way):
    """dx/dt = a x carries N(0, exp(-2 a)) to N(0, 1) in unit time, whichever way time runs."""
    a = torch.tensor([0.5, -1.0, 0.2], dtype=torch.float64)
    x = normal(6, 3) * torch.exp(-a)
    found = log_density(
        lambda x, t: way * a * x, x, [way * t for t in times(100)], standard_normal_log_density, generator()
    )
    expected = Normal(torch.zeros(3, dtype=torch.float64), torch.exp(-a)).log_prob(x).sum(1)
    assert torch.allclose(found, expected, atol=1e-3)


@pytest.mark.slow
def test_signs_estimate_the_divergence_without_bias():
    """A full matrix: each path's estimate is off, and their mean over many probes is right."""
    A = 0.5 * normal(4, 4)
    path = torch.matrix_exp(A)
    x = normal(3, 4) @ torch.linalg.inv(path).T
    covariance = torch.linalg.inv(path) @ torch.linalg.inv(path).T
    expected = MultivariateNormal(torch.zeros(4, dtype=torch.float64), covariance).log_prob(x)
    one, many = (
        log_density(lambda x, t: x @ A.T, x, times(40), standard_normal_log_density, generator(), probes=probes)
        for probes in (1, 3000)
    )
    assert torch.allclose(many, expected, atol=0.06)
    assert not torch.allclose(one, expected, atol=0.06)


def test_the_error_falls_with_the_second_order():
    def slope(x, t):
        return (1 + math.sin(5 * t)) * torch.tanh(x)

    x = normal(4, 3)
    found = [log_density(slope, x, times(steps), standard_normal_log_density, generator()) for steps in (20, 40, 640)]
    first, second = ((each - found[2]).abs().max() for each in found[:2])
    assert math.log2(float(first / second)) == pytest.approx(2, abs=0.2)


def test_nothing_is_left_of_the_graph_and_no_parameter_gains_a_gradient():
    layer = torch.nn.Linear(3, 3)
    with torch.no_grad():
        found = log_density(
            lambda x, t: layer(x), normal(2, 3).float(), times(2), standard_normal_log_density, generator()
        )
    assert not found.requires_grad
    assert layer.weight.grad is None
