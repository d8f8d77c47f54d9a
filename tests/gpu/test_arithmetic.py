"""Precision, repeatability and random numbers on the device."""

import io
import os
import subprocess
import sys

import pytest
import torch

from genharness.engine.arithmetic import set_arithmetic
from genharness.engine.random_state import load_random_state, random_state, seed_everything, undisturbed


def product_error(device):
    a, b = torch.randn(2, 512, 512, generator=torch.Generator().manual_seed(0))
    exact = a.double() @ b.double()
    return float(((a.to(device) @ b.to(device)).cpu().double() - exact).norm() / exact.norm())


def convolution_error(device):
    x, w = torch.randn(8, 64, 16, 16), torch.randn(64, 64, 3, 3)
    exact = torch.nn.functional.conv2d(x.double(), w.double())
    found = torch.nn.functional.conv2d(x.to(device), w.to(device)).cpu().double()
    return float((found - exact).norm() / exact.norm())


@pytest.mark.parametrize("error", [product_error, convolution_error])
def test_fp32_is_full_float32(device, error):
    set_arithmetic(device, "fp32", deterministic=False)
    assert error(device) < 5e-6


@pytest.mark.parametrize("error", [product_error, convolution_error])
def test_tf32_is_used_where_it_is_asked_for(cuda, error):
    if torch.cuda.get_device_capability(cuda) < (8, 0):
        pytest.skip("this GPU is older than TF32")
    set_arithmetic(cuda, "tf32", deterministic=False)
    assert 2e-5 < error(cuda) < 2e-3


def test_the_device_of_a_cell_is_the_one_without_an_index(cuda):
    last = torch.device("cuda", torch.cuda.device_count() - 1)
    try:
        set_arithmetic(last, "fp32", deterministic=False)
        assert torch.randn(1, device="cuda").device == last
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        torch.randn(100, 100, device=last) @ torch.randn(100, 100, device=last)
        end.record()
        end.synchronize()
        assert begin.elapsed_time(end) > 0
    finally:
        torch.cuda.set_device(cuda)


REPEATED = """
import sys, torch
from genharness.engine.arithmetic import set_arithmetic
device = torch.device(sys.argv[1])
found = set_arithmetic(device, "fp32", deterministic=True)
torch.manual_seed(0)
layer = torch.nn.Conv2d(8, 8, 3, device=device)
x = torch.randn(64, 8, 16, 16, device=device)
sums = []
for _ in range(2):
    layer.zero_grad()
    layer(x).square().sum().backward()
    sums.append(layer.weight.grad.clone())
print(torch.equal(*sums))
torch.zeros(4, device=device).put_(torch.tensor([0, 0], device=device), torch.tensor([1.0, 2.0], device=device))
print(sorted(found))
"""


def test_deterministic_algorithms_repeat_and_those_that_do_not_are_named(device):
    environment = {name: value for name, value in os.environ.items() if name != "CUBLAS_WORKSPACE_CONFIG"}
    done = subprocess.run(
        [sys.executable, "-c", REPEATED, str(device)], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split("\n")[:2] == ["True", "['put_']"]  # cuBLAS, set up too late, would be named, too


def test_a_checkpoint_holds_the_random_state_of_one_device_and_goes_on_from_it(device):
    seed_everything(5)
    torch.rand(3, device=device)
    file = io.BytesIO()
    torch.save(random_state(), file)
    file.seek(0)
    expected = torch.rand(5, device=device)
    state = torch.load(file, weights_only=True)
    load_random_state(state)
    assert torch.equal(torch.rand(5, device=device), expected)
    if device.type == "cuda":
        assert state["cuda"].ndim == 1  # bytes of one generator, not a list of every card's


def test_a_block_that_draws_disturbs_no_training(device):
    seed_everything(6)
    first = torch.rand(2, device=device)
    with undisturbed():
        torch.rand(100, device=device)
    both = torch.cat([first, torch.rand(2, device=device)])
    seed_everything(6)
    assert torch.equal(torch.cat([torch.rand(2, device=device), torch.rand(2, device=device)]), both)
