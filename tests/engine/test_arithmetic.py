"""How a process is set up for a cell: each in one of its own, because what is set stays."""

import subprocess
import sys

import pytest

ASK = """
import warnings, torch
from unittest import mock
from genharness.engine.arithmetic import set_arithmetic
with mock.patch("torch.cuda.set_device") as set_device:
    found = set_arithmetic(torch.device({device!r}), {precision!r}, deterministic={deterministic})
print(*set_device.call_args_list, sep="")
print(torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark)
import os
print(os.environ.get("CUBLAS_WORKSPACE_CONFIG"), torch.cuda.is_initialized())
for _ in range(2):
    torch.zeros(4).put_(torch.tensor([0, 0]), torch.tensor([1.0, 2.0]))
warnings.warn("chatter")
warnings.warn("a defect", DeprecationWarning)
print(sorted(found))
"""


def asked(device="cpu", precision="fp32", *, deterministic=False):
    script = ASK.format(device=device, precision=precision, deterministic=deterministic)
    command = [sys.executable, "-W", "always::DeprecationWarning", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize(
    ("precision", "flags"),
    [("fp32", "highest False True"), ("bf16", "highest False True"), ("tf32", "high True True")],
)
def test_only_tf32_lets_products_and_convolutions_have_short_mantissas(precision, flags):
    assert asked(precision=precision)[0][1] == flags


def test_the_device_of_a_cell_becomes_the_current_one():
    assert asked("cuda:1")[0][0] == "call(device(type='cuda', index=1))"


def test_the_processor_is_no_current_device():
    assert asked()[0][0] == ""


def test_what_does_not_repeat_is_named_once_and_shown_to_nobody():
    lines, errors = asked(deterministic=True)
    assert lines[1].endswith("False")  # cuDNN does not try algorithms
    assert lines[2] == ":4096:8 False"  # set before CUDA starts
    assert lines[3] == "['put_']"
    assert "deterministic" not in errors
    assert "chatter" not in errors
    assert "a defect" in errors


def test_what_does_not_repeat_is_nobodys_business_otherwise():
    lines, _ = asked()
    assert (lines[2], lines[3]) == ("None False", "[]")
