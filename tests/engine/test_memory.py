"""What running out of it looks like, and a limit on a real process."""

import errno
import platform
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


FREEING = """
import sys, numpy as np
from genharness.engine.memory import give_back_freed
def resident():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024
parts = [np.ones(16_000, np.uint8) for _ in range(20_000)]
last = np.ones(16_000, np.uint8)  # above all others: without being told, glibc keeps what lies below it
held = resident()
del parts
kept = resident()
give_back_freed()
print(held - kept, kept - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep other things")
def test_what_was_freed_is_given_back():
    done = subprocess.run([sys.executable, "-c", FREEING], capture_output=True, text=True, check=True)
    by_itself, when_told = map(float, done.stdout.split())
    assert by_itself < 50
    assert when_told > 200
