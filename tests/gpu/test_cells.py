"""Whole cells on the device, each in a process of its own."""

import json
import subprocess
import sys

import pytest
import torch

from genharness.results.store import Store

QUICK = ["--datasets", "digits", "--budget", "60steps", "--samples", "64", "--metrics", "fid"]
CLASSIFIER = ["--set", "classifier.steps=20"]


@pytest.fixture
def record(genharness, tmp_path, device):
    def make(*options):
        done = genharness("run", *QUICK, *CLASSIFIER, "--device", device.type, *options)
        assert done.returncode == 0, done.stdout + done.stderr
        (found,) = Store(tmp_path / "results").records()
        return found

    return make


def test_a_cell_computes_in_tf32_unless_told_otherwise(record, cuda):
    found = record("--no-baselines", "--models", "dcgan")
    assert (found.cell.precision, found.environment["tf32"]) == ("tf32", True)


@pytest.mark.parametrize("model", ["vae", "edm"])
def test_a_cell_ends_with_all_its_measurements(record, device, model):
    found = record(
        "--no-baselines", "--models", model, "--precision", "bf16", "--score-every", "30steps", "--score-samples", "64"
    )
    assert found.status == "ok"
    wanted = {"train_images_per_second", "steady_images_per_second", "dataset_mib", "step_flops", "latency_p50_ms"}
    if device.type == "cuda":
        wanted |= {"warm_up_seconds", "peak_accelerator_mib", "peak_accelerator_reserved_mib"}
        assert "train_energy_gpu_joules" in found.measurements or found.environment["energy_not_counted"]["gpu"]
    assert wanted <= found.measurements.keys()
    assert not [note for note in found.notes if "not measured" in note]


GOING_ON = """
import itertools, json, sys
from pathlib import Path
from genharness.data.facts import facts_reader
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.cells.cell import run_task
from genharness.spec.cell import Settings
from genharness.study.plan import expand
from genharness.study.suite import Suite
from genharness.files.checksums import file_digest

def run(results, device, stop_after=None):
    registry = load_registry()
    suite = Suite(models=("dcgan",), datasets=("digits",), metrics=("fid",), samples=64, budget="60steps",
                  set={"classifier": {"steps": 20}}, precision="fp32")
    settings = Settings(results=Path(results), device=device, deterministic=True)
    tasks = expand(suite, registry, settings, facts_reader(registry)).tasks  # reference rows among them
    task = next(task for task in tasks if task.cell.model == "dcgan")
    asked = itertools.count()
    record = run_task(task, lambda event: None, lambda: stop_after is not None and next(asked) >= stop_after)
    samples = Store(settings.results).cell(task.cell.id).samples
    digest = file_digest(samples, "sha256") if samples.is_file() else ""
    return record.status, digest, record.environment.get("not_deterministic")

device = sys.argv[1]
print(json.dumps([run("whole", device), run("parts", device, 20), run("parts", device)]))
"""


def test_a_cell_that_was_stopped_goes_on_bit_for_bit_with_deterministic_algorithms(device, tmp_path):
    command = [sys.executable, "-c", GOING_ON, str(device)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    whole, stopped, rest = json.loads(done.stdout.splitlines()[-1])
    assert (whole[0], stopped[0], rest[0]) == ("ok", "interrupted", "ok")
    if not whole[2]:  # else the record names what does not repeat
        assert rest[1] == whole[1]


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
def test_two_jobs_run_on_two_devices(genharness, tmp_path):
    done = genharness(
        "run", *QUICK, *CLASSIFIER, "--no-baselines", "--models", "vae,dcgan", "--device", "cuda", "--jobs", 2
    )
    assert done.returncode == 0, done.stdout + done.stderr
    records = [one for one in Store(tmp_path / "results").records() if one.cell.model in ("vae", "dcgan")]
    assert {record.environment["device"] for record in records} == {"cuda:0", "cuda:1"}
