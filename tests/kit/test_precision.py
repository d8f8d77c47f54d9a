"""bfloat16: for forward passes, of weights as they are now."""

import torch
from torch import nn

from genharness.kit import optim
from genharness.kit.precision import autocast, no_autocast

CPU = torch.device("cpu")


def test_bf16_multiplies_in_bfloat16_and_the_others_in_float32():
    layer, x = nn.Linear(4, 4), torch.randn(2, 4)
    dtypes = {}
    for precision in ("fp32", "tf32", "bf16"):
        with autocast(CPU, precision):
            dtypes[precision] = layer(x).dtype
    assert dtypes == {"fp32": torch.float32, "tf32": torch.float32, "bf16": torch.bfloat16}


def test_weights_that_an_optimiser_moved_are_used_as_they_are_now():
    layer, x = nn.Linear(4, 1), torch.ones(2, 4)
    optimiser = torch.optim.SGD(layer.parameters(), lr=1.0)
    with autocast(CPU, "bf16"):
        before = layer(x)
        optim.minimise(optimiser, before.float().mean())
        after = layer(x)
    torch.testing.assert_close(after.float(), layer(x), rtol=0.02, atol=0.02)
    assert (before - after).min() > 1


def test_a_pass_without_gradients_does_not_cost_the_next_one_its_gradients():
    layer, x = nn.Linear(4, 1), torch.ones(2, 4)
    with autocast(CPU, "bf16"):
        with torch.no_grad():
            layer(x)
        layer(x).sum().backward()
    assert layer.weight.grad is not None


def test_a_backward_pass_runs_outside_autocast():
    seen = []

    class Looks(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            seen.append(torch.is_autocast_enabled("cpu"))
            return gradient

    weight = nn.Parameter(torch.ones(2))
    with autocast(CPU, "bf16"):
        optim.minimise(torch.optim.SGD([weight], lr=1.0), Looks.apply(weight).sum())
        assert torch.is_autocast_enabled("cpu")
    assert seen == [False]


def test_devices_that_know_no_autocast_do_without():
    with autocast(torch.device("meta"), "bf16"), no_autocast(torch.device("meta")):
        assert nn.Linear(4, 4, device="meta")(torch.empty(2, 4, device="meta")).dtype == torch.float32
