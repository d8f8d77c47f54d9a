"""Precision, recall, density and coverage beside prdc and torch-fidelity, in one run; and what they need in memory.

    pytest benchmarks/bench_prdc.py --benchmark-only
    GENHARNESS_BENCH_ROWS=2500 pytest benchmarks/bench_prdc.py --benchmark-only -k "2048 and seconds"
    GENHARNESS_BENCH_LARGE=1 pytest benchmarks/bench_prdc.py -s -k mib

torch-fidelity computes precision and recall only. Targets at 10,000 rows: at least 4 times prdc; at least 4 times
torch-fidelity at 64 columns and 1.5 times at 2048; 50,000 x 50,000 x 2048 within 2 GiB above the features.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from prdc import compute_prdc
from torch_fidelity.metric_prc import prc_features_to_metric

from genharness.functional.prdc import prdc

ROWS = int(os.environ.get("GENHARNESS_BENCH_ROWS", "10000"))
LARGE = pytest.mark.skipif("GENHARNESS_BENCH_LARGE" not in os.environ, reason="large: set GENHARNESS_BENCH_LARGE=1")
FIDELITY = {"prc_neighborhood": 5, "prc_batch_size": 10000, "verbose": False}


def features(rows, columns, seed):
    """Return features of intrinsic dimension 32, as networks give them, with a little noise in all columns."""
    torch.manual_seed(0)
    directions = torch.randn(32, columns)
    torch.manual_seed(seed)
    return torch.randn(rows, 32) @ directions + 0.3 * torch.randn(rows, columns)


def ours(real, fake):
    scores = prdc(real, fake)
    return scores.precision, scores.recall


def package(real, fake):
    with contextlib.redirect_stdout(io.StringIO()):
        scores = compute_prdc(real.numpy(), fake.numpy(), 5)
    return scores["precision"], scores["recall"]


def fidelity(real, fake):
    scores = prc_features_to_metric(fake, real, save_cpu_ram=False, **FIDELITY)
    return scores["precision"], scores["recall"]


def fidelity_in_parts(real, fake):
    scores = prc_features_to_metric(fake, real, save_cpu_ram=True, **FIDELITY)
    return scores["precision"], scores["recall"]


@pytest.mark.parametrize("columns", [64, 2048])
@pytest.mark.parametrize("library", [ours, package, fidelity], ids=["ours", "prdc", "torch-fidelity"])
def test_seconds(benchmark, library, columns):
    real, fake = features(ROWS, columns, 1), 0.95 * features(ROWS, columns, 2)
    benchmark.group = f"{ROWS} x {ROWS} x {columns}"
    result = benchmark.pedantic(library, (real, fake), rounds=3, warmup_rounds=1)
    assert result == pytest.approx(ours(real, fake), abs=2e-3)


def extra_mib(library, rows, columns):
    """Return the peak resident memory of one call above what its process held before, in MiB."""
    command = [sys.executable, __file__, library, str(rows), str(columns)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _resident_kib(which):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(which)))


def _measure(library, rows, columns):
    real, fake = features(rows, columns, 1), 0.95 * features(rows, columns, 2)
    library(real[:100], fake[:100])  # what loads once is not counted
    ctypes.CDLL(None).malloc_trim(0)  # what making the features left behind is not reused unseen
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak back to what is resident now
    before = _resident_kib("VmRSS")
    library(real, fake)
    return (_resident_kib("VmHWM") - before) / 1024


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads peak memory from Linux's /proc")
@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (10000, 64),
        (10000, 2048),
        pytest.param(50000, 64, marks=LARGE),
        pytest.param(50000, 2048, marks=LARGE),
    ],
)
def test_mib_above_the_features(rows, columns):
    needed = extra_mib("ours", rows, columns)
    print(f"\n{rows} x {rows} x {columns}: {needed:.0f} MiB above the features")
    assert needed < 2048


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads peak memory from Linux's /proc")
@pytest.mark.parametrize("library", ["package", "fidelity", "fidelity_in_parts"])
def test_mib_beside_the_peers(library):
    needed, theirs = extra_mib("ours", ROWS, 64), extra_mib(library, ROWS, 64)
    print(f"\n{ROWS} x {ROWS} x 64: {needed:.0f} MiB, {library} {theirs:.0f} MiB")
    assert needed < theirs


if __name__ == "__main__":
    name, rows, columns = sys.argv[1:]
    print(_measure(globals()[name], int(rows), int(columns)))
