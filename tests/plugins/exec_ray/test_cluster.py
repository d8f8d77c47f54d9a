"""Cells on a real cluster of two nodes that was there before the run, one of which is killed."""

import os
import signal

import numpy as np
import pytest

from background import records, wait_for
from faulty_models import HEAVY
from ray_runs import QUICK, SMALL, processes_naming, repeatable

pytestmark = pytest.mark.slow


@pytest.fixture
def pictures(tmp_path):
    """A tiny labelled dataset of the user's own."""
    random = np.random.default_rng(0)
    labels = np.arange(240) % 3
    images = (random.integers(0, 60, (240, 8, 8)) + 90 * labels[:, None, None]).astype(np.uint8)
    path = tmp_path / "tiny.npz"
    np.savez(path, images=images, labels=labels)
    return path


def test_24_cells_with_a_node_killed_are_those_of_an_undisturbed_local_run(make_cluster, start, tmp_path, pictures):
    cluster = make_cluster()
    matrix = [
        *QUICK,
        "--no-baselines",
        "--models",
        "vae,ae,gan,dcgan",
        "--datasets",
        f"digits,npz:{pictures}",
        "--seeds",
        "3",
    ]
    matrix += ["--budget", "20steps", "--checkpoint-every", "0"]
    spread = start(*matrix, "--results", "spread", "--executor", f"ray:{cluster.address}")
    wait_for(lambda: len(records(tmp_path / "spread")) >= 5)
    cluster.remove_node(cluster.second, allow_graceful=False)
    assert len(records(tmp_path / "spread")) < 20
    assert spread.wait(timeout=400) == 0, spread.lines()
    assert "tried again, 1 of 3 times" in "\n".join(spread.lines())
    assert start(*matrix, "--results", "here").wait(timeout=400) == 0
    there, here = records(tmp_path / "spread"), records(tmp_path / "here")
    assert len(here) == 24
    assert set(there) == set(here)
    for name, record in here.items():
        assert repeatable(there[name]) == repeatable(record)


COUNTED = """
from dataclasses import dataclass
from genharness import ModelSpec, Recipe, hookimpl, option

@dataclass(frozen=True)
class Config:
    log: str = option("", help="file to which every step is written")

@hookimpl
def genharness_models():
    recipe = Recipe(length="200steps", batch_size=16)
    recipes = {"smoke": recipe, "standard": recipe, "paper": recipe}
    factory = "counted_heavy:Counted"
    return [
        ModelSpec(
            name="counted", summary="Writes its steps down", factory=factory, config=Config, family="test",
            recipes=recipes,
        )
    ]
"""
COUNTED_CLASS = f"""{HEAVY}
class Counted(good):
    def training_step(self, batch):
        time.sleep(0.02)
        with open(self.config.log, "a") as log:
            print(os.getpid(), batch.step, file=log, flush=True)
        return super().training_step(batch)
"""


def test_a_cell_of_a_killed_node_goes_on_from_its_checkpoint_on_one_that_joins(
    make_cluster, start, tmp_path, make_plugin
):
    make_plugin("counted", COUNTED, heavy=COUNTED_CLASS)
    cluster = make_cluster(head_cpus=0)
    log = tmp_path / "steps.txt"
    one = [*QUICK, "--no-baselines", "--models", "counted", "--datasets", "digits", "--checkpoint-every", "0"]
    one += ["--set", f"counted.log={log}"]
    spread = start(*one, "--results", "spread", "--executor", f"ray:{cluster.address}")
    wait_for(lambda: log.is_file() and len(log.read_text().splitlines()) > 60)
    cluster.remove_node(cluster.second, allow_graceful=False)
    cluster.add_node(**SMALL)
    assert spread.wait(timeout=300) == 0, spread.lines()
    steps = [tuple(map(int, line.split())) for line in log.read_text().splitlines()]
    moved = next(place for place, (pid, _) in enumerate(steps) if pid != steps[0][0])
    assert 0 < steps[moved][1] <= steps[moved - 1][1] + 1
    assert start(*one, "--results", "here").wait(timeout=300) == 0
    (there,), (here,) = records(tmp_path / "spread").values(), records(tmp_path / "here").values()
    assert repeatable(there) == repeatable(here)


def test_the_run_ends_with_a_line_when_no_node_is_left_and_goes_on_when_there_is_one(make_cluster, start, tmp_path):
    cluster = make_cluster(head_cpus=0)
    one = [
        *QUICK,
        "--no-baselines",
        "--models",
        "vae",
        "--datasets",
        "digits",
        "--budget",
        "800steps",
        "--checkpoint-every",
        "0",
    ]
    one += ["--executor", f"ray:{cluster.address}"]
    running = start(*one)
    wait_for(lambda: list(tmp_path.glob("results/trainings/*/checkpoint.pt")))
    cluster.remove_node(cluster.second, allow_graceful=False)
    assert running.wait(timeout=200) == 2, running.lines()
    assert "error: no node is left in the Ray cluster that has the 1 CPU of a cell" in running.lines()[-1]
    cluster.add_node(**SMALL)
    again = start(*one)
    assert again.wait(timeout=200) == 0, again.lines()
    assert [record["status"] for record in records(tmp_path / "results").values()] == ["ok"]


def test_jobs_limits_the_cells_at_a_time(make_cluster, start):
    cluster = make_cluster()
    arguments = [*QUICK, "--no-baselines", "--models", "noise,real,gaussian", "--datasets", "digits"]
    running = start(*arguments, "--jobs", "1", "--executor", f"ray:{cluster.address}")
    assert running.wait(timeout=200) == 0, running.lines()
    words = [line.split()[-1] if line.endswith("prepare") else "done" for line in running.lines() if _turns(line)]
    assert words == ["prepare", "done"] * 3


def _turns(line):
    return line.endswith(": prepare") or ": done in " in line


def test_a_results_folder_that_nodes_do_not_see_is_one_line(make_cluster, start, tmp_path):
    cluster = make_cluster()
    (tmp_path / "results").mkdir()
    elsewhere = "/proc/self/cwd/results"  # each process has another folder of this name
    arguments = [*QUICK, "--no-baselines", "--models", "noise,real", "--datasets", "digits", "--results", elsewhere]
    running = start(*arguments, "--executor", f"ray:{cluster.address}")
    assert running.wait(timeout=200) == 2, running.lines()
    assert f"error: the results folder {elsewhere} is not visible on node" in running.lines()[-1]
    assert running.lines()[-1].endswith("use a shared file system")


def test_a_running_cluster_outlives_the_run_and_its_workers_do_not(make_cluster, start, home):
    cluster = make_cluster()
    arguments = [*QUICK, "--no-baselines", "--models", "noise", "--datasets", "digits"]
    for results in ("first", "second"):
        running = start(*arguments, "--results", results, "--executor", f"ray:{cluster.address}")
        assert running.wait(timeout=200) == 0, running.lines()
        wait_for(lambda: not processes_naming(home), seconds=20)


def test_a_stop_saves_the_state_of_cells_on_the_cluster(make_cluster, start, tmp_path, home):
    cluster = make_cluster()
    arguments = [
        *QUICK,
        "--no-baselines",
        "--models",
        "vae",
        "--datasets",
        "digits",
        "--budget",
        "300s",
        "--checkpoint-every",
        "0",
    ]
    running = start(*arguments, "--executor", f"ray:{cluster.address}")
    wait_for(lambda: list(tmp_path.glob("results/trainings/*/checkpoint.pt")))
    os.killpg(running.pid, signal.SIGTERM)
    assert running.wait(timeout=60) == 130, running.lines()
    assert [one["status"] for one in records(tmp_path / "results").values()] == ["interrupted"]
    wait_for(lambda: not processes_naming(home), seconds=20)
