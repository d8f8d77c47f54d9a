import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from genharness.engine import costs
from genharness.engine.costs import _FlopCounter


@pytest.mark.parametrize(
    ("network", "inputs"),
    [
        (nn.Linear(7, 5), (3, 7)),
        (nn.Conv2d(3, 8, 3, padding=1), (2, 3, 9, 9)),
        (nn.ConvTranspose2d(4, 6, 4, stride=2), (2, 4, 5, 5)),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 10)), (2, 1, 8, 8)),
    ],
)
def test_operations_are_those_that_torch_counts_forward_and_backward(network, inputs):
    def step():
        network(torch.randn(inputs)).square().mean().backward()

    with FlopCounterMode(display=False) as theirs:
        step()
    with _FlopCounter() as ours:
        step()
    assert ours.total == theirs.get_total_flops() > 0


def test_second_derivatives_are_counted():
    network, x = nn.Linear(7, 1), torch.randn(3, 7, requires_grad=True)
    with _FlopCounter() as counter:
        (gradient,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
        gradient.square().sum().backward()
    assert counter.total >= 2 * 3 * 7


def test_the_sweep_ends_where_memory_does():
    def call(size):
        if size > 8:
            raise torch.OutOfMemoryError("CUDA out of memory")

    assert costs._sweep(torch.device("cpu"), call, 512)["batch_size"] == [1, 8]


def test_a_defect_in_the_sweep_is_no_lack_of_memory():
    def call(size):
        raise KeyError("latent")

    with pytest.raises(KeyError):
        costs._sweep(torch.device("cpu"), call, 512)
