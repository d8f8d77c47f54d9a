"""What has processes of its own: tests, and whole cells."""

from __future__ import annotations

import importlib.util
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from journal import Figure, Outcome

from genharness.results.store import Store

ROOT = Path(__file__).resolve().parents[2]
GPU_TESTS = ("tests/gpu", "tests/functional", "tests/kit", "tests/testing")

WIND_DOWN_SECONDS = 20.0
"""What a cell may take to save its state when it is stopped."""


def tests(seconds: float, *, small: bool) -> Outcome:
    """Run the tests that need a GPU; small: a few of them, on the CPU as a stand-in."""
    if importlib.util.find_spec("pytest") is None:
        return Outcome("skipped", "pytest is not installed")
    start = time.monotonic()
    wanted = ("tests/gpu/test_feed.py",) if small else GPU_TESTS
    environment = {**os.environ, **({"GENHARNESS_GPU_STAND_IN": "cpu"} if small else {})}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ["-q", "-m", "gpu", "-p", "no:cacheprovider", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", *options, *wanted]
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, timeout=seconds, capture_output=True, text=True, check=False
            )
        except subprocess.TimeoutExpired:
            return Outcome("timeout", f"they took longer than {seconds:.0f} s", seconds)
        spent = time.monotonic() - start
        if not report.is_file():
            return Outcome("failed", " ".join((done.stdout + done.stderr).split())[-300:], spent)
        suite = next(ElementTree.parse(report).iter("testsuite"))  # noqa: S314  -- pytest has just written it
    figures: dict[str, Figure] = {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
    broken = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    passed = figures["tests"] != figures["skipped"]
    reason = "; ".join(broken) or ("" if passed else "none was run")
    return Outcome("failed" if reason else "ok", reason[:1000], spent, figures)


def training(seconds: float, *, model: str, device: str, dataset: str, budget: str, results: Path) -> Outcome:
    """Run a cell, which is stopped in time and goes on from its checkpoint when it is called again."""
    start = time.monotonic()
    command = [sys.executable, "-m", "genharness.cli.main", "run", "--no-baselines", "--models", model]
    command += ["--datasets", dataset]
    options = ["--budget", budget, "--device", device, "--results", str(results)]
    samples = ["--samples", "64"] if budget.endswith("steps") else []
    process = subprocess.Popen(
        [*command, *options, *samples], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said, _ = process.communicate(timeout=max(1.0, seconds - WIND_DOWN_SECONDS))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        try:
            said, _ = process.communicate(timeout=2 * WIND_DOWN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
    except BaseException:
        process.send_signal(signal.SIGINT)
        process.communicate()
        raise
    return _of_record(model, results, said, time.monotonic() - start)


def _of_record(model: str, results: Path, said: str, seconds: float) -> Outcome:
    records = [record for record in Store(results).records() if record.cell.model == model] if results.is_dir() else []
    if not records:
        return Outcome("failed", " ".join(said.split())[-300:], seconds)
    record = max(records, key=lambda one: one.started_at)
    wanted = ("train_steps", "steady_images_per_second", "train_seconds", "peak_accelerator_mib", "latency_p50_ms")
    figures: dict[str, Figure] = {name: record.measurements[name] for name in wanted if name in record.measurements}
    figures |= {name: value for name in ("fid", "kid") if (value := record.scores.get(name)) is not None}
    figures = {name: value for name, value in figures.items() if isinstance(value, float) and math.isfinite(value)}
    if record.status == "ok":
        return Outcome("ok", "", seconds, figures)
    return Outcome("interrupted" if record.status == "interrupted" else "failed", record.reason, seconds, figures)
