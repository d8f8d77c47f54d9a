"""Stdout is a command's alone: plugins print as they like, in threads and in C, and spoil no result."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

NOISY = """
import ctypes, os, sys, threading, time

from genharness import Column, MetricSpec, hookimpl

C = ctypes.CDLL(None)


def shout(by="thread"):
    print(f"shout of python {by}\\n", end="")  # in one piece: between two, another thread may print
    sys.__stdout__.write("shout of the first stream\\n")
    sys.__stdout__.flush()
    os.write(1, b"shout of a descriptor\\n")
    C.puts(b"shout of C")
    C.fflush(None)


def shout_for_ever():
    while True:
        shout()
        time.sleep(0.002)


threading.Thread(target=shout_for_ever).start()


class Loud:
    def __init__(self, config):
        pass

    def compute(self, evaluation):
        shout("metric")
        os.system("echo shout of a child")
        return {"loud": 1.0}


@hookimpl
def genharness_metrics():
    column = Column(key="loud", title="Loud", higher_is_better=True)
    return [MetricSpec(name="loud", summary="x", modalities=("tabular",), factory="noisy:Loud", columns=(column,))]
"""


@pytest.fixture
def beside_noise(tmp_path):
    """Give a function that runs a command beside a plugin that never stops printing."""
    (tmp_path / "noisy.py").write_text(NOISY)
    places = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, "GENHARNESS_PLUGINS": str(tmp_path / "noisy.py"), "PYTHONPATH": places}

    def run(*arguments):
        command = [sys.executable, "-m", "genharness", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("arguments", [("list", "--format", "json"), ("info", "vae", "--format", "json")], ids=" ".join)
def test_a_thread_that_prints_for_ever_spoils_no_json(beside_noise, arguments):
    done = beside_noise(*arguments)
    assert done.returncode == 0
    json.loads(done.stdout)
    assert "shout of" not in done.stdout
    assert {"shout of python thread", "shout of the first stream", "shout of a descriptor", "shout of C"} <= set(
        done.stderr.splitlines()
    )


def test_what_a_metric_prints_while_it_computes_spoils_no_json(beside_noise, tmp_path):
    for name in ("fake", "real"):
        np.save(tmp_path / f"{name}.npy", np.random.default_rng(0).normal(size=(20, 2)))
    asked = ("fake.npy", "--reference", "real.npy", "--features", "identity", "--metrics", "loud", "--format", "json")
    done = beside_noise("evaluate", *asked)
    assert done.returncode == 0, done.stderr[-2000:]
    json.loads(done.stdout)
    assert {"shout of python metric", "shout of a child"} <= set(done.stderr.splitlines())


def test_help_and_completions_are_printed_where_they_were(beside_noise, tmp_path):
    assert beside_noise("leaderboard", "--help").stdout.startswith("Usage: ")
    environment = {"_GENHARNESS_COMPLETE": "bash_complete", "COMP_WORDS": "genharness info va", "COMP_CWORD": "2"}
    command = [
        sys.executable,
        "-c",
        "import sys; sys.argv[0] = 'genharness'; from genharness.cli.main import program; program()",
    ]
    env = {**os.environ, **environment}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert "plain,vae" in done.stdout.splitlines()


def test_a_python_program_that_calls_commands_has_its_stdout_back_after_each(tmp_path):
    """Twice: the second command keeps its output to itself as the first did."""
    code = """
import os, sys
from genharness.cli.main import main
stdout = sys.stdout
for place in range(2):
    sys.argv = ["genharness", "list", "executors", "--format", "json"]
    main()
    assert sys.stdout is stdout
    print("after", place, flush=True)
    os.write(1, b"and in C\\n")
try:
    sys.argv = ["genharness", "lst"]
    main()
except SystemExit as end:
    print("code", end.code)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert [line for line in lines if line in ("after 0", "after 1", "and in C", "code 2")] == [
        *("after 0", "and in C", "after 1", "and in C", "code 2")
    ]
    decoder, first = json.JSONDecoder(), done.stdout
    assert "executors" in decoder.raw_decode(first)[0]
