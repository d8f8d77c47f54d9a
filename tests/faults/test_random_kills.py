"""Four models, two datasets, three seeds, and a worker killed at random moments twenty times."""

import contextlib
import random
import time

import psutil
import pytest

from background import end_group, records, runs
from fault_checks import assert_nothing_half_written, part_of_a_temporary, untimed

MODELS = {"gan": "width", "wgan": "width", "vae": "width", "ae": "width"}
RUN = [
    "--no-baselines",
    "--models",
    ",".join(MODELS),
    "--datasets",
    "digits#200,digits@12#200",
    "--seeds",
    "3",
    "--budget",
    "60steps",
]
RUN += ["--metrics", "fid", "--samples", "60", "--set", "classifier.steps=20", "--jobs", "2"]
RUN += ["--checkpoint-every", "0.2", *(f"--set={model}.{option}=8" for model, option in MODELS.items())]
KILLS = 20
CELLS = 24


@pytest.fixture
def start(tmp_path):
    """Start the run in the background, with results of its own."""
    with runs(tmp_path, tmp_path / "home") as begin:
        yield lambda results: begin(*RUN, "--results", results)


def workers(process):
    """Return the processes that run cells: the children of the fork server."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [worker for child in psutil.Process(process.pid).children() for worker in child.children()]
    return []


def kill_one(process, draw):
    """Kill a worker that runs now; tell whether there was one."""
    running = workers(process)
    if not running:
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        draw.choice(running).kill()
        return True
    return False


@pytest.mark.slow
def test_workers_killed_at_twenty_random_moments_cost_no_cell_and_change_no_record(start, tmp_path):
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    draw, kills = random.Random(6), 0
    process = start(cut)
    while kills < KILLS:
        time.sleep(draw.uniform(0.2, 2.0))
        if process.poll() is not None:
            process = start(cut)
        elif kill_one(process, draw):
            kills += 1
            if kills % 7 == 0:  # the command and its fork server die too
                end_group(process)
                assert_nothing_half_written(cut)
    process.wait(timeout=400)
    assert start(cut).wait(timeout=400) == 0
    assert start(whole).wait(timeout=400) == 0
    found, expected = records(cut), records(whole)
    assert len(found) == CELLS
    assert {name: untimed(record) for name, record in found.items()} == {
        name: untimed(record) for name, record in expected.items()
    }
    assert not [path for path in cut.rglob("*") if part_of_a_temporary(path)]
    assert_nothing_half_written(cut)
