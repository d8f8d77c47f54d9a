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
STUDY_SECONDS = 400  # far more than one takes, with its kills


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


def killed_to_its_end(start, results, draw, wanted):
    """Kill a study's workers at random moments until it has all its cells; return how many kills it took.

    Args:
        start: Starts the run in the background.
        results: Folder of the study.
        draw: Random source.
        wanted: Kills at most: where cells are slow, a study that was killed on and on would never end.
    """
    process, kills = start(results), 0
    deadline = time.monotonic() + STUDY_SECONDS
    while len(records(results)) < CELLS:
        assert time.monotonic() < deadline, process.lines()
        time.sleep(draw.uniform(0.2, 2.0))
        if process.poll() is not None:
            process = start(results)
        elif kills < wanted and kill_one(process, draw):
            kills += 1
            if kills % 7 == 0:  # the command and its fork server die too
                end_group(process)
                assert_nothing_half_written(results)
    process.wait(timeout=STUDY_SECONDS)
    return kills


@pytest.mark.slow
@pytest.mark.timeout(1500)  # three studies or more, on a machine that does other work
def test_workers_killed_at_twenty_random_moments_cost_no_cell_and_change_no_record(start, tmp_path):
    draw, kills, cut = random.Random(6), 0, []
    while kills < KILLS:  # where cells are quick, twenty moments take more than one study
        cut.append(tmp_path / f"cut-{len(cut)}")
        kills += killed_to_its_end(start, cut[-1], draw, KILLS - kills)
    whole = tmp_path / "whole"
    assert start(whole).wait(timeout=STUDY_SECONDS) == 0
    expected = {name: untimed(record) for name, record in records(whole).items()}
    for results in cut:
        assert start(results).wait(timeout=STUDY_SECONDS) == 0
        found = {name: untimed(record) for name, record in records(results).items()}
        assert len(found) == CELLS
        assert found == expected
        assert not [path for path in results.rglob("*") if part_of_a_temporary(path)]
        assert_nothing_half_written(results)
