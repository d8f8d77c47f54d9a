"""The Slurm executor: what it asks Slurm for, what it makes of the answers, and cells in jobs of submitit's own."""

import dataclasses
import json
import signal
import stat
import threading
import time
from types import SimpleNamespace

import psutil
import pytest

from board_records import record
from genharness import ConfigError, PluginError, RunError
from genharness.cli.watch import submitted
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task
from planned_cells import planned

pytest.importorskip("submitit", reason="the extra slurm is missing")

from genharness_exec_slurm import queue
from genharness_exec_slurm.configs import SlurmConfig
from genharness_exec_slurm.executor import SlurmExecutor, _record, read_argument

LOCAL = SlurmConfig(cluster="local", minutes=10)


def task_of(folder, **settings):
    return Task(cell=record("vae", 1.0).cell, metrics={}, settings=Settings(results=folder, **settings))


def job_of(folder, number="7_0", said=""):
    (folder / "stderr").write_text(said)
    return SimpleNamespace(job_id=number, paths=SimpleNamespace(stderr=folder / "stderr"))


def test_the_argument_is_what_sbatch_is_told():
    assert read_argument("partition=gpu, account=me") == {"partition": "gpu", "account": "me"}
    assert read_argument("") == {}
    for text in ("gpu", "partition=", "wrap=rm"):
        with pytest.raises(ConfigError, match=r"must be one of account, .*as in slurm:partition=gpu"):
            read_argument(text)


def test_a_job_asks_for_what_its_cell_takes():
    executor = SlurmExecutor("partition=gpu,nodelist=n1", dataclasses.replace(LOCAL, memory_gb=8.0, grace_seconds=90))
    asked = executor._parameters(4, 1, 3)
    assert asked["cpus_per_task"], asked["gpus_per_node"] == (4, 1)
    assert (asked["timeout_min"], asked["mem_gb"], asked["slurm_signal_delay_s"]) == (10, 8.0, 90)
    assert (asked["slurm_array_parallelism"], asked["slurm_partition"]) == (3, "gpu")
    assert asked["slurm_additional_parameters"] == {"requeue": True, "open_mode": "append", "nodelist": "n1"}


def test_without_sbatch_there_is_a_line(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PluginError, match="finds no sbatch"):
        SlurmExecutor("", SlurmConfig())


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Return a function that puts commands of Slurm there which say something."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr("genharness_exec_slurm.executor._LOOK_SECONDS", 0.0)
    (tmp_path / "bin").mkdir()

    def install(**scripts):
        for name, script in ({"squeue": "", "sbatch": "", "srun": "", "scontrol": "", "scancel": ""} | scripts).items():
            path = tmp_path / "bin" / name
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return install


def test_jobs_that_have_ended_are_not_among_those_that_go_on(slurm, tmp_path):
    jobs = [(task_of(tmp_path), job_of(tmp_path, f"7_{place}")) for place in range(4)]
    slurm(
        squeue="echo '7_0 RUNNING None'; echo '7_1 PENDING Priority'; echo '7_2 COMPLETED None'; echo '7_3 PREEMPTED'"
    )
    executor = SlurmExecutor("", SlurmConfig())
    assert executor._states(jobs) == {"7_0": "running", "7_1": "pending"}
    slurm(squeue="echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1")
    assert executor._states(jobs) == {}
    slurm(squeue="echo no controller >&2; exit 1")
    with pytest.raises(RunError, match=r"does not answer \(no controller\): the jobs go on"):
        executor._states(jobs)
    assert queue.queued(["7_0"]) is None


def test_a_job_that_waits_for_what_does_not_pass_by_itself_says_for_what(slurm):
    slurm(squeue="echo '7_0 PENDING Nodes required for job are DOWN, DRAINED or reserved'; echo '8 RUNNING None'")
    assert queue.queued(["7_0", "8"]) == {
        "7_0": "pending (Nodes required for job are DOWN, DRAINED or reserved)",
        "8": "running",
    }


@pytest.mark.parametrize(
    ("said", "preempted"),
    [
        ("JobState=RUNNING Reason=None PreemptEligibleTime=2026-11-29T14:42:38 PreemptTime=2026-11-29T14:42:42", True),
        ("JobState=RUNNING Reason=None PreemptEligibleTime=2026-11-29T14:42:38 PreemptTime=None", False),
        ("JobState=COMPLETING Reason=None PreemptTime=2026-11-29T14:42:42", False),
        ("", False),
    ],
)
def test_a_job_that_has_to_make_room_is_told_from_one_that_is_cancelled(slurm, said, preempted):
    slurm(scontrol=f"echo '{said}'")
    assert queue.is_being_preempted("7") == preempted


def test_an_array_is_as_long_as_slurm_takes_it(slurm, tmp_path, monkeypatch):
    slurm(scontrol="echo 'MaxArraySize            = 2'")
    tasks = planned(tmp_path / "r", models=("noise",), seeds=(0, 1, 2))
    executor, sizes = SlurmExecutor("", SlurmConfig(detach=True)), []

    def array(_, part):
        sizes.append(len(part))
        return [job_of(tmp_path, f"{len(sizes)}_{place}") for place in range(len(part))]

    monkeypatch.setattr(executor, "_array", array)
    list(executor.run(tasks, on_event=lambda event: None, stop=threading.Event()))
    assert sizes == [2, 1]
    assert [*submitted(Store(tmp_path / "r")).values()] == ["1_0", "1_1", "2_0"]


def test_jobs_that_were_taken_before_others_were_refused_are_cancelled(slurm, tmp_path):
    cancelled = tmp_path / "cancelled"
    slurm(
        scontrol="echo 'MaxArraySize = 2'",
        sbatch=f"test -e {tmp_path}/one && echo 'sbatch: error: too\nsbatch: error: many' >&2 && exit 1; "
        f"touch {tmp_path}/one; echo Submitted batch job 7",
        scancel=f'echo "$@" > {cancelled}',
    )
    tasks = planned(tmp_path / "r", models=("noise",), seeds=(0, 1, 2))
    with pytest.raises(RunError, match=r"^Slurm did not take the jobs: too; many$"):
        list(SlurmExecutor("", SlurmConfig()).run(tasks, on_event=lambda event: None, stop=threading.Event()))
    assert cancelled.read_text() == "7_0 7_1\n"


def test_what_other_runs_submitted_is_still_known(tmp_path, monkeypatch):
    for number, model in enumerate(("noise", "gaussian")):
        tasks = planned(tmp_path / "r", models=(model,))
        executor = SlurmExecutor("", dataclasses.replace(LOCAL, detach=True))
        monkeypatch.setattr(executor, "_array", lambda _, given, number=number: [job_of(tmp_path, str(number))])
        list(executor.run(tasks, on_event=lambda event: None, stop=threading.Event()))
    assert [*submitted(Store(tmp_path / "r")).values()] == ["0", "1"]


def test_the_grace_leaves_a_job_time(tmp_path):
    assert SlurmConfig(minutes=1, grace_seconds=12).minutes == 1
    with pytest.raises(ConfigError, match=r"grace_seconds=120 is too much of minutes=1: at most 12"):
        SlurmConfig(minutes=1)


def test_a_job_that_ends_without_a_record_is_a_failure_that_says_what_it_said(tmp_path):
    task, store = task_of(tmp_path / "r"), Store(tmp_path / "r")
    store.open_for_writing()
    made = _record(task, job_of(tmp_path, said="slurmstepd: error\nKilled\n\n"), "", stopped=False)
    assert (made.status, made.reason) == (
        "failed",
        "its job 7_0 ended without a record (Killed); run again to go on from its last checkpoint",
    )
    assert store.load(task.cell.id).status == "failed"


def test_what_an_earlier_attempt_left_is_not_taken_for_this_one_s(tmp_path):
    task, store = task_of(tmp_path / "r"), Store(tmp_path / "r")
    store.open_for_writing()
    old = record("vae", None, status="interrupted")
    old.cell, old.started_at = task.cell, "2026-01-01"
    store.save(old)
    assert _record(task, job_of(tmp_path), "2026-01-01", stopped=True) is None
    old.started_at = "2026-01-02"
    store.save(old)
    assert _record(task, job_of(tmp_path), "2026-01-01", stopped=True).status == "interrupted"


def test_a_detached_run_leaves_when_all_is_submitted(tmp_path, monkeypatch):
    tasks = planned(tmp_path / "r", models=("noise",), seeds=(0, 1))
    executor = SlurmExecutor("", dataclasses.replace(LOCAL, detach=True))
    monkeypatch.setattr(executor, "_array", lambda _, given: [job_of(tmp_path, f"9_{n}") for n in range(len(given))])
    said = []
    assert list(executor.run(tasks, on_event=said.append, stop=threading.Event())) == []
    assert submitted(Store(tmp_path / "r")) == {tasks[0].cell.id: "9_0", tasks[1].cell.id: "9_1"}
    assert [event.text for event in said] == ["submitted as job 9_0", "submitted as job 9_1"]


@pytest.mark.slow
def test_cells_run_in_jobs_and_one_that_fails_is_a_record(tmp_path):
    tasks = planned(tmp_path / "r", models=("noise",), seeds=(0, 1))
    broken = dataclasses.replace(tasks[0], cell=dataclasses.replace(tasks[0].cell, dataset="folder:/nowhere@8"))
    with pytest.raises(Exception, match="nowhere"):  # threads are settled by the data, here as with Ray
        list(SlurmExecutor("", LOCAL).run([broken], on_event=lambda event: None, stop=threading.Event()))
    records = list(SlurmExecutor("", LOCAL).run(tasks, on_event=lambda event: None, stop=threading.Event()))
    assert {made.cell.id: made.status for made in records} == {task.cell.id: "ok" for task in tasks}
    assert json.loads((tmp_path / "r" / "jobs" / "cells.json").read_text()).keys() == {task.cell.id for task in tasks}


@pytest.mark.slow
def test_a_preempted_job_saves_its_state_and_goes_on_from_it(tmp_path, monkeypatch):
    """A job of submitit's local executor that is signalled as Slurm signals one before its end is begun again."""
    (task,) = planned(tmp_path / "r", models=("vae",), budget="20s", batch_size=32)
    executor, store = SlurmExecutor("", LOCAL), Store(tmp_path / "r")
    jobs, interrupted = [], []
    make = executor._array
    monkeypatch.setattr(executor, "_array", lambda *given: jobs.extend(make(*given)) or jobs)

    def preempt():
        training = store.training(task.cell.training_id)  # its lock is there from the first step, a state much later
        while not (jobs and training.lock.exists()):
            time.sleep(0.2)
        time.sleep(6)
        (process,) = [
            child
            for child in psutil.Process(jobs[0]._process.pid).children()
            if "submitit.core._submit" in child.cmdline()
        ]
        process.send_signal(signal.SIGUSR2)  # submitit's own `_interrupt` ends the controller, which passes on nothing
        process.wait()
        interrupted.extend([store.load(task.cell.id), training.checkpoint.exists()])

    thread = threading.Thread(target=preempt)
    thread.start()
    (record,) = executor.run([task], on_event=lambda event: None, stop=threading.Event())
    thread.join()
    first, kept = interrupted
    assert (first.status, record.status, kept) == ("interrupted", "ok", True), (first.reason, record.reason)
    steps = first.history.losses["step"]
    assert steps
    assert record.history.losses["step"][: len(steps)] == steps
    assert record.measurements["train_steps"] > steps[-1]
