"""What is stamped on a record of the machine and the code."""

import json
import subprocess

import torch

from genharness.engine import environment as module
from genharness.engine.environment import environment


def test_every_value_is_plain_json_and_named_by_its_unit():
    stamp = environment(torch.device("cpu"), deterministic=True)
    assert json.loads(json.dumps(stamp)) == stamp
    assert stamp["memory_mib"] > 100
    assert (stamp["device"], stamp["deterministic"], stamp["gpu"]) == ("cpu", True, None)


def test_versions_are_those_that_are_imported():
    import numpy as np

    packages = environment(torch.device("cpu"), deterministic=False)["packages"]
    assert packages["numpy"] == np.__version__
    assert packages["torch"].partition("+")[0] == torch.__version__.partition("+")[0]


def test_threads_are_those_of_now():
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        assert environment(torch.device("cpu"), deterministic=False)["threads"] == before + 1
    finally:
        torch.set_num_threads(before)


def test_without_git_there_is_no_commit(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(module.subprocess, "run", missing)
    module._git_commit.cache_clear()
    try:
        assert module._git_commit() is None
    finally:
        module._git_commit.cache_clear()


def test_a_command_that_hangs_or_fails_says_nothing(monkeypatch):
    def slow(*_, **__):
        raise subprocess.TimeoutExpired("nvidia-smi", 10)

    assert module._run(["false"]) == ""
    monkeypatch.setattr(module.subprocess, "run", slow)
    assert module._run(["nvidia-smi"]) == ""
