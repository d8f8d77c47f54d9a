"""Tests of what only a GPU can show: collected here, marked `gpu` by their folder, five minutes on one card at most.

`GENHARNESS_GPU_STAND_IN=cpu pytest tests/gpu` runs what can be run of them on another device, so that they are not
themselves broken on the day a GPU is to be had.
"""

import os
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import torch


@pytest.fixture(scope="session")
def device():
    """The device, with its index as a cell has it."""
    wanted = torch.device(os.environ.get("GENHARNESS_GPU_STAND_IN") or "cuda")
    return torch.device("cuda", torch.cuda.current_device()) if wanted.type == "cuda" else wanted


@pytest.fixture
def cuda(device):
    """The same, for what a stand-in cannot show."""
    if device.type != "cuda":
        pytest.skip("only CUDA can show it")
    return device


@pytest.fixture(autouse=True)
def _flags_as_before():
    """Precision and everything else that `set_arithmetic` sets are the next test's own affair."""
    products, errors = torch.get_float32_matmul_precision(), np.geterr()
    convolutions, choosing = torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark
    yield
    torch.set_float32_matmul_precision(products)
    torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark = convolutions, choosing
    np.seterr(**errors)


@pytest.fixture
def without_waiting(device):
    """A block in which the host may not wait for the device: torch raises where it does."""

    @contextmanager
    def block():
        if device.type != "cuda":
            yield
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch says that it does not find every wait
            torch.cuda.set_sync_debug_mode("error")
            try:
                yield
            finally:
                torch.cuda.set_sync_debug_mode("default")

    return block
