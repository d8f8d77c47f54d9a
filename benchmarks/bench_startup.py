"""Start-up of the command line beside a peer's, each a process of its own.

    pytest benchmarks/bench_startup.py

Targets: `genharness --help` within 0.2 s and 25 times faster than `pytorch-fid --help`.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

COMMANDS = {
    "python, nothing else": ["-c", "pass"],
    "genharness --help": ["-m", "genharness.cli.main", "--help"],
    "genharness list models": ["-m", "genharness.cli.main", "list", "models"],
    "genharness run --plan": ["-m", "genharness.cli.main", "run", "--plan"],
    "pytorch-fid --help": ["-m", "pytorch_fid", "--help"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_startup(benchmark, name, tmp_path):
    def start():
        subprocess.run([sys.executable, *COMMANDS[name]], cwd=tmp_path, check=True, capture_output=True)

    benchmark.pedantic(start, rounds=3 if "fid" in name else 9, warmup_rounds=1)
