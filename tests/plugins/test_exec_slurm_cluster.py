"""The Slurm executor on a slurmctld and a slurmd of the test's own: arrays, preemption, lost jobs."""

import dataclasses
import subprocess
import threading

import pytest
from click.testing import CliRunner

from genharness.cli.watch import status, submitted
from genharness.results.store import Store
from one_node_slurm import one_node_slurm, said, until, why_not
from planned_cells import planned

pytest.importorskip("submitit", reason="the extra slurm is missing")

from genharness_exec_slurm.configs import SlurmConfig
from genharness_exec_slurm.executor import SlurmExecutor

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(why_not()), reason=why_not() or "there can be one")]


@pytest.fixture(scope="module")
def conf(tmp_path_factory):
    with one_node_slurm(tmp_path_factory.mktemp("slurm")) as path:
        yield path


@pytest.fixture(autouse=True)
def _cluster(conf, monkeypatch):
    monkeypatch.setenv("SLURM_CONF", str(conf))


def run(tasks, told=None, **options):
    executor = SlurmExecutor("partition=debug", dataclasses.replace(SlurmConfig(), **options))
    return list(executor.run(tasks, on_event=(told or []).append, stop=threading.Event()))


def test_the_jobs_of_an_array_that_have_to_make_room_save_their_state_and_go_on_from_it(tmp_path):
    """Slurm preempts them for a job of a partition before theirs, within its grace."""
    tasks = planned(tmp_path / "r", models=("vae", "noise"), budget="15s", batch_size=32)
    (vae,) = (task for task in tasks if task.cell.model == "vae")
    store, first = Store(tmp_path / "r"), []

    def make_room():
        until(lambda: store.training(vae.cell.training_id).lock.exists(), 90)
        subprocess.run(["srun", "--partition=urgent", "--ntasks=2", "true"], check=True, capture_output=True)
        until(lambda: pending() and not running(), 60)
        first.append(store.load(vae.cell.id))
        for job in pending():
            subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now"], check=True)  # not in two minutes

    thread = threading.Thread(target=make_room)
    thread.start()
    records = {record.cell.id: record for record in run(tasks)}
    thread.join()
    (interrupted,), ended = first, records[vae.cell.id]
    assert [record.status for record in records.values()] == ["ok", "ok"]
    assert len({job.partition("_")[0] for job in submitted(store).values()}) == 1
    assert interrupted.status == "interrupted"
    assert ended.started_at > interrupted.started_at
    assert ended.measurements["train_seconds"] == pytest.approx(15, abs=2)  # of both attempts together


def pending():
    return said("squeue", "--noheader", "--array", "--format=%i", "--states=PENDING").split()


def running():
    return said("squeue", "--noheader", "--array", "--format=%i", "--states=RUNNING,COMPLETING").split()


def test_the_status_of_a_detached_run_is_what_the_queue_says(tmp_path):
    (task,) = planned(tmp_path / "r", models=("noise",))
    node = said("sinfo", "--noheader", "--format=%n").split()[0]
    subprocess.run(["scontrol", "update", f"NodeName={node}", "State=drain", "Reason=mending"], check=True)
    try:
        assert run([task], detach=True) == []
        job = submitted(Store(tmp_path / "r"))[task.cell.id]
        until(lambda: "DRAINED" in said("squeue", "--noheader", "--format=%r", f"--jobs={job}"), 30)
        waits = CliRunner().invoke(status, [str(tmp_path / "r")]).output
        subprocess.run(["scancel", job], check=True)
        until(lambda: not said("squeue", "--noheader", f"--jobs={job}"), 30)
        lost = CliRunner().invoke(status, [str(tmp_path / "r")]).output
    finally:
        subprocess.run(["scontrol", "update", f"NodeName={node}", "State=resume"], check=True)
    assert f"{task.cell.id}  job {job}: pending (Nodes required for job are DOWN, DRAINED" in waits
    assert waits.endswith("1 waiting\n")
    assert lost == f"{task.cell.id}  its job {job} has ended without a record: run again\n1 without a record\n"
