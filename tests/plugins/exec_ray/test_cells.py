"""Cells on a Ray that the run starts itself: records, deaths, limits, stops, and what is left behind."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from background import records, wait_for
from ray_runs import QUICK, addresses_listened_at, processes_naming, repeatable, statuses

ENDLESS = [
    *QUICK,
    "--datasets",
    "digits",
    "--no-baselines",
    "--models",
    "vae",
    "--budget",
    "300s",
    "--checkpoint-every",
    "0",
]

WORKER_KILLER = """
from genharness import ModelSpec, Recipe, hookimpl

@hookimpl
def genharness_models():
    recipe = Recipe(length="40steps", batch_size=16)
    recipes = {"smoke": recipe, "standard": recipe, "paper": recipe}
    name, factory = "worker-killer", "worker_killer_heavy:WorkerKiller"
    return [ModelSpec(name=name, summary="Ends its worker", factory=factory, family="faulty", recipes=recipes)]
"""
WORKER_KILLER_CLASS = """
import os, signal, time
from genharness.kit import GenerativeModel

class WorkerKiller(GenerativeModel):
    def training_step(self, batch):
        os.killpg(os.getpgrp(), signal.SIGKILL)

    def sample(self, n, *, labels, generator):
        raise NotImplementedError
"""


@pytest.mark.slow
def test_a_cell_runs_to_its_record_where_only_this_machine_reaches_it_and_nothing_is_left_behind(
    start, tmp_path, home, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    running = start(*QUICK, "--datasets", "digits", "--no-baselines", "--models", "noise", "--executor", "ray")
    wait_for(lambda: any("noise on digits, seed 0: prepare" in line for line in running.lines()))
    listening = addresses_listened_at(running.pid)
    assert {"gcs_server", "raylet"} <= set(listening)
    for process, addresses in listening.items():
        assert all(address.is_loopback for address in addresses), (process, addresses)
    assert running.wait(timeout=120) == 0, running.lines()
    assert not list(tmp_path.glob("user/.ray/*"))
    (record,) = records(tmp_path / "results").values()
    assert (record["status"], record["environment"]["threads"]) == ("ok", 1)
    wait_for(lambda: not processes_naming(home), seconds=20)
    assert not [*tmp_path.glob("results/.ray-*"), *Path(home).glob(".ray-*")]


@pytest.mark.slow
def test_each_death_is_one_record_with_its_reason_and_the_others_go_on(start, tmp_path, faulty):
    models = "good,killed,exits,raises"
    running = start(*QUICK, "--datasets", "digits", "--no-baselines", "--models", models, "--executor", "ray")
    assert running.wait(timeout=120) == 2, running.lines()
    found = statuses(tmp_path / "results")
    assert found["good"] == ("ok", "")
    assert "SIGKILL" in found["killed"][1]
    assert "exit code 3" in found["exits"][1]
    assert "a defect of the model" in found["raises"][1]
    assert {status for status, _ in found.values()} == {"ok", "failed"}


@pytest.mark.slow
def test_records_are_those_of_local_threads_and_all(start, tmp_path):
    matrix = [
        *QUICK,
        "--datasets",
        "digits,digits@32",
        "--no-baselines",
        "--models",
        "vae,gan",
        "--budget",
        "20steps",
        "--seeds",
        "2",
    ]
    for executor in ("local", "ray"):
        running = start(*matrix, "--jobs", "2", "--results", executor, "--executor", executor)
        assert running.wait(timeout=300) == 0, running.lines()
    here, there = records(tmp_path / "local"), records(tmp_path / "ray")
    assert set(here) == set(there)
    for name, record in here.items():
        assert repeatable(there[name]) == repeatable(record)


@pytest.mark.slow
def test_progress_is_shown_as_with_local(start):
    running = start(
        *QUICK, "--datasets", "digits", "--no-baselines", "--models", "vae", "--budget", "20s", "--executor", "ray"
    )
    assert running.wait(timeout=120) == 0, running.lines()
    text = "\n".join(running.lines())
    for news in ("seed 0: prepare", "images/s", "seed 0: sample", "seed 0: score  fid", "done in"):
        assert news in text


@pytest.mark.slow
def test_a_cell_that_takes_too_long_is_ended_and_says_so(start, tmp_path, faulty):
    arguments = [*QUICK, "--datasets", "digits", "--no-baselines", "--models", "hangs", "--timeout", "5"]
    running = start(*arguments, "--executor", "ray")
    assert running.wait(timeout=120) == 2, running.lines()
    status, reason = statuses(tmp_path / "results")["hangs"]
    assert status == "timeout"
    assert "longer than the limit of 5 s" in reason


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_stop_saves_the_state_and_leaves_no_process(start, tmp_path, home, number):
    running = start(*ENDLESS, "--executor", "ray")
    wait_for(lambda: list(tmp_path.glob("results/trainings/*/checkpoint.pt")))
    os.killpg(running.pid, number)
    assert running.wait(timeout=60) == 130, running.lines()
    assert "run the same command again to go on" in "\n".join(running.lines())
    assert statuses(tmp_path / "results")["vae"][0] == "interrupted"
    wait_for(lambda: not processes_naming(home), seconds=20)
    assert not list(tmp_path.glob("results/.ray-*"))


@pytest.mark.slow
def test_a_second_request_ends_everything_at_once(start, tmp_path, home, faulty):
    arguments = [*QUICK, "--datasets", "digits", "--no-baselines", "--models", "hangs"]
    running = start(*arguments, "--executor", "ray")
    wait_for(lambda: any("hangs on digits, seed 0: train" in line for line in running.lines()))
    os.killpg(running.pid, signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):  # a step that never ends cannot be asked to
        running.wait(timeout=3)
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(timeout=60) == 130
    wait_for(lambda: not processes_naming(home), seconds=20)


@pytest.mark.slow
def test_a_killed_command_leaves_no_process_and_the_next_one_goes_on(start, tmp_path, home):
    matrix = [
        *QUICK,
        "--datasets",
        "digits",
        "--no-baselines",
        "--models",
        "vae",
        "--budget",
        "800steps",
        "--checkpoint-every",
        "0",
    ]
    running = start(*matrix, "--results", "cut", "--executor", "ray")
    wait_for(lambda: list(tmp_path.glob("cut/trainings/*/checkpoint.pt")))
    time.sleep(1.0)
    os.kill(running.pid, signal.SIGKILL)
    wait_for(lambda: not processes_naming(home), seconds=30)
    for results, executor in (("cut", "ray"), ("whole", "local")):
        done = start(*matrix, "--results", results, "--executor", executor)
        assert done.wait(timeout=120) == 0, done.lines()
    (cut,), (whole,) = records(tmp_path / "cut").values(), records(tmp_path / "whole").values()
    assert repeatable(cut) == repeatable(whole)


@pytest.mark.slow
def test_a_cell_whose_worker_is_lost_again_and_again_fails_after_three_more_attempts(start, tmp_path, make_plugin):
    make_plugin("worker-killer", WORKER_KILLER, heavy=WORKER_KILLER_CLASS)
    arguments = [*QUICK, "--datasets", "digits", "--no-baselines", "--models", "worker-killer,noise"]
    running = start(*arguments, "--jobs", "1", "--executor", "ray")
    assert running.wait(timeout=180) == 2, running.lines()
    found = statuses(tmp_path / "results")
    assert found["noise"] == ("ok", "")
    assert found["worker-killer"][0] == "failed"
    assert "its worker was lost 4 times" in found["worker-killer"][1]
    assert "tried again, 3 of 3 times" in "\n".join(running.lines())


@pytest.mark.slow
def test_nothing_to_do_starts_no_ray(start, tmp_path):
    arguments = [*QUICK, "--datasets", "digits", "--no-baselines", "--models", "noise"]
    assert start(*arguments).wait(timeout=60) == 0
    again = start(*arguments, "--executor", "ray")
    assert again.wait(timeout=60) == 0
    assert "joining Ray" not in "\n".join(again.lines())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--threads", "999"], "no node of the Ray cluster has the 999 CPUs of a cell: start one that has, or"),
        (["--device", "cuda"], "no node of the Ray cluster has the 1 CPU and a GPU of a cell: start one that has, or"),
    ],
)
@pytest.mark.slow
def test_what_no_node_can_hold_is_refused(start, arguments, message):
    running = start(
        *QUICK, "--datasets", "digits", "--no-baselines", "--models", "noise", *arguments, "--executor", "ray"
    )
    assert running.wait(timeout=120) == 2
    assert message in "\n".join(running.lines())
