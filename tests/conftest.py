"""Options and fixtures that every test may use."""

from __future__ import annotations

import functools
import os
import random
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import pytest

from distributions import install
from faulty_models import HEAVY, LIGHT
from warm import WarmCommand

GPU_TESTS = Path(__file__).parent / "gpu"
STAND_IN = os.environ.get("GENHARNESS_GPU_STAND_IN", "")
"""A device such as `cpu` on which the tests of `tests/gpu` are run where there is no CUDA: whether they work at all."""

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(config, items):
    slow = pytest.mark.skip(reason="slow: run with --slow")
    gpu = pytest.mark.skip(reason="needs a CUDA device")
    for item in items:
        if GPU_TESTS in item.path.parents:
            item.add_marker(pytest.mark.gpu)
        if "slow" in item.keywords and not config.getoption("--slow"):
            item.add_marker(slow)
        if "gpu" in item.keywords and not _has_cuda() and not (GPU_TESTS in item.path.parents and STAND_IN):
            item.add_marker(gpu)


@functools.cache
def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; tests that need it skip where it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data is not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory):
    """No test reads or writes the user's own caches, not even after it undid its own patches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENHARNESS_HOME", str(tmp_path_factory.mktemp("genharness-home")))
        yield


@pytest.fixture(autouse=True)
def _same_random_numbers():
    """What a test draws without a seed of its own is the same each time, whichever tests ran before."""
    random.seed(0)
    np.random.seed(0)
    torch = sys.modules.get("torch")  # not imported for tests that do without
    if torch is not None and hasattr(torch, "default_generator"):
        torch.default_generator.manual_seed(0)  # torch.manual_seed looks through the stack, a millisecond for each test
        if torch.cuda.is_initialized():
            torch.cuda.manual_seed_all(0)


@pytest.fixture
def make_plugin(tmp_path, monkeypatch):
    """Make an installed distribution out of source text: what a stranger's package looks like to the core."""

    def make(distribution: str, source: str, *, version: str = "1.0", heavy: str = "") -> Path:
        folder, module = tmp_path / "site" / distribution, distribution.replace("-", "_")
        files = {f"{module}.py": source} | ({f"{module}_heavy.py": heavy} if heavy else {})
        install(folder, distribution, version, files, {distribution: module})
        for name in (module, f"{module}_heavy"):  # an earlier test may have imported one of the same name
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.syspath_prepend(str(folder))
        before = os.environ.get("PYTHONPATH", "")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(part for part in (str(folder), before) if part))
        return folder

    return make


@pytest.fixture
def faulty(make_plugin):
    """A package whose models break the contract, each in its own way."""
    make_plugin("faulty-models", LIGHT, heavy=HEAVY)


@pytest.fixture
def genharness(tmp_path):
    """Run the command line in a process of its own, as a user does, and return what came of it."""

    def run(*arguments: object, timeout: float = 300, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "COLUMNS": "100", "OMP_NUM_THREADS": "1", **environment}
        assert WarmCommand.fits(env), "what is read at the start of an interpreter: start one with subprocess"
        with Path(os.devnull).open("rb") as nothing, TemporaryFile() as out, TemporaryFile() as errors:
            command = WarmCommand(arguments, tmp_path, env, stdin=nothing, stdout=out, stderr=errors)
            try:
                code = command.wait(timeout)
            finally:
                command.kill()
            return subprocess.CompletedProcess(command.args, code, _text(out), _text(errors))

    return run


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()
