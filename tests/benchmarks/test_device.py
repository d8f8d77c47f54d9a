"""The script that measures a device, in a tiny form on the CPU: it must work on the day when a GPU is to be had."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "device"


@pytest.fixture
def measure(tmp_path):
    def run(*options, **environment):
        command = ["bash", str(FOLDER / "run.sh"), "--out", str(tmp_path / "out"), *options]
        own = {"PYTHON": sys.executable, "OMP_NUM_THREADS": "1", **environment}
        return subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def device_module(monkeypatch):
    """Import a module of the script, whose folder is on the path while a test runs."""
    monkeypatch.syspath_prepend(str(FOLDER))
    names = [path.stem for path in FOLDER.glob("*.py")]
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield __import__
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.slow
def test_steps_are_printed_kept_and_not_done_again(measure, tmp_path):
    wanted = ["--small", "--only", "[sk]*/[vf]*e/*[2k]"]  # vae in three precisions, frechet at two sizes
    done = measure(*wanted)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "out" / "cpu-small.json").read_text())
    assert found["steps"]["step/vae/fp32"]["figures"]["images_per_second"] > 0
    page = (tmp_path / "out" / "cpu-small.md").read_text()
    assert all(line in done.stdout for line in ("step/vae/fp32: ok in", "step/vae/tf32: skipped (only CUDA has tf32)"))
    assert "| vae/fp32 | " in page
    again = measure(*wanted)
    assert "step/vae/fp32: as it is in cpu-small.json" in again.stdout
    assert json.loads((tmp_path / "out" / "cpu-small.json").read_text())["steps"] == found["steps"]


def test_without_a_device_it_says_so(measure):
    done = measure(CUDA_VISIBLE_DEVICES="")
    assert (done.returncode, "there is no CUDA device" in done.stdout) == (1, True)


BROKEN = """
import os, time, unittest
def dies(): os._exit(7)
def sleeps(): time.sleep(60)
def skips(): raise unittest.SkipTest("not here")
def fails(): raise ValueError("a wrong score")
def works(): return {"pid": float(os.getpid())}
"""


def test_a_step_that_dies_hangs_or_fails_costs_only_itself(device_module, tmp_path, monkeypatch):
    (tmp_path / "broken_steps.py").write_text(BROKEN)
    monkeypatch.syspath_prepend(str(tmp_path))
    with device_module("worker").Worker() as worker:
        first = worker.call("broken_steps:works", {}, 60)
        assert worker.call("broken_steps:works", {}, 60).figures == first.figures  # one process for many steps
        ends = [
            ("skips", "skipped", "not here"),
            ("fails", "failed", "ValueError: a wrong score"),
            ("dies", "failed", "its process ended with 7"),
            ("sleeps", "timeout", "it took longer than 1 s"),
        ]
        for name, status, reason in ends:
            ended = worker.call(f"broken_steps:{name}", {}, 1 if name == "sleeps" else 60)
            assert (ended.status, ended.reason) == (status, reason)
        assert worker.call("broken_steps:works", {}, 60).figures != first.figures


def test_a_cut_off_run_keeps_what_it_has_and_old_code_is_measured_again(device_module, tmp_path):
    journal = device_module("journal")
    kept = journal.Journal(tmp_path, "Some GPU (80 GB)", {"git_commit": "a", "device": "some GPU"})
    line = kept.note("kernel/kid/10k", journal.Outcome("ok", seconds=1.25, figures={"seconds": 0.5}))
    assert line == "kernel/kid/10k: ok in 1.2 s: seconds 0.5"
    kept.note("tests", journal.Outcome("timeout", "it took longer than 3 s"))
    again = journal.Journal(tmp_path, "some-gpu-80-gb", {"git_commit": "a"})
    assert [again.has("kernel/kid/10k"), again.has("tests")] == [True, False]
    again.note("kernel/kid/10k", journal.Outcome("skipped", "no time left"))
    assert again.has("kernel/kid/10k")
    assert not journal.Journal(tmp_path, "some-gpu-80-gb", {"git_commit": "b"}).has("kernel/kid/10k")


def test_a_wrong_score_is_a_failure(device_module, monkeypatch):
    kernels = device_module("kernels")

    def wrong(real, fake):
        return (float(real.sum()) + (1e-3 if real.element_size() == 4 else 0.0) * float(real.sum()),)

    monkeypatch.setitem(kernels.KERNELS, "frechet", (wrong, 1e-5))
    with pytest.raises(ValueError, match="frechet of 50 rows is"):
        kernels.beside_float64("frechet", 50, 4, "cpu", small=True)


def test_trainings_share_the_time_that_is_left(device_module, tmp_path):
    steps = device_module("plan").steps("cuda", False, tmp_path, None)
    trainings = [step for step in steps if step.shares]
    assert [trainings[place].share(90.0, trainings[place:]) for place in range(3)] == [30.0, 45.0, 90.0]
    assert all(
        "subset.py" in step.lacks for step in trainings
    )  # the pictures are missing, and how to make them is said
    assert len({step.key for step in steps}) == len(steps)


def test_pictures_are_chosen_class_by_class_and_fit(device_module, tmp_path):
    for split, count in (("train", 8), ("test", 4)):
        for name in ("cat", "dog"):
            folder = tmp_path / "photos" / split / name
            folder.mkdir(parents=True)
            for place in range(count):
                pixels = np.random.default_rng(place).integers(0, 256, (16, 16, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f"{place}.png")
    out = tmp_path / "chosen" / "pictures.npz"
    counts = device_module("subset").make(tmp_path / "photos", out, most=20_000)
    assert 10_000 < out.stat().st_size < 20_000
    with np.load(out) as arrays:
        assert {split: len(arrays[f"x_{split}"]) for split in ("train", "test")} == counts
        assert np.bincount(arrays["y_train"]).tolist() == [counts["train"] // 2] * 2
