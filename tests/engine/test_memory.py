"""What running out of it looks like, and a limit on a real process."""

import errno
import subprocess
import sys

import pytest

from genharness.engine.memory import is_out_of_memory
from genharness.errors import RunError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")


def raised_from(cause):
    try:
        raise RunError("cannot write the checkpoint") from cause
    except RunError as error:
        return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("std::bad_alloc"),
        raised_from(MemoryError()),
    ],
)
def test_every_form_of_refused_memory_is_known(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), OSError(errno.ENOSPC, "full"), raised_from(None)])
def test_other_errors_are_no_lack_of_memory(error):
    assert not is_out_of_memory(error)


PROCESS = """
from genharness.engine.memory import lift_memory_limit, limit_memory
import numpy as np, scipy.linalg
limit_memory(2**29)
try:
    np.ones(2**30, np.uint8)
except MemoryError:
    print("refused")
scipy.linalg.cholesky(np.eye(300))
lift_memory_limit()
print(np.ones(2**30, np.uint8).nbytes == 2**30)
"""


def test_a_limit_refuses_memory_until_it_is_lifted_and_algebra_goes_on():
    done = subprocess.run([sys.executable, "-c", PROCESS], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["refused", "True"], done.stderr
