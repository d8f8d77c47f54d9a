"""Hands cells to Slurm and waits for their records."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genharness import ConfigError, PluginError, RunError
from genharness.files.atomic import write_bytes
from genharness.files.turns import entry_turn
from genharness.plugin.execution import Event
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.record import Record
from genharness_exec_slurm import queue
from genharness_exec_slurm.configs import SlurmConfig

__all__ = ["SlurmExecutor", "read_argument"]

_KEYS = ("account", "constraint", "exclude", "gres", "nodelist", "partition", "qos", "reservation")
_LOOK_SECONDS = 3.0
_STOP_SECONDS = 180.0
"""How long jobs that were cancelled may take to save the state of their cells."""


class SlurmExecutor:
    """Runs each cell as a task of a Slurm array.

    Args:
        argument: Text after `--executor slurm:`, such as `partition=gpu,account=me`, or empty.
        config: The options.

    Raises:
        ConfigError: If the argument does not read so.
        PluginError: If submitit or Slurm's commands are not there.
    """

    def __init__(self, argument: str, config: SlurmConfig) -> None:
        if importlib.util.find_spec("submitit") is None:
            raise PluginError("--executor slurm needs the package submitit: pip install 'genharness[slurm]'")
        if config.cluster == "slurm" and shutil.which("sbatch") is None:
            raise PluginError("--executor slurm finds no sbatch: run it where jobs are submitted from")
        self._keys, self._config = read_argument(argument), config

    def run(
        self, tasks: Sequence[Task], *, on_event: Callable[[Event], None], stop: threading.Event
    ) -> Iterator[Record]:
        """Yield a record for each cell, in the order in which their jobs end; none where the run is detached.

        Raises:
            RunError: If Slurm does not take the jobs.
        """
        if not tasks or stop.is_set():
            return
        earlier = {task.cell.id: _started(task) for task in tasks}
        jobs = self._submitted(tasks)
        for task, job in jobs:
            on_event(Event(cell_id=task.cell.id, phase="waiting", text=f"submitted as job {job.job_id}"))
        if not self._config.detach:
            yield from self._awaited(jobs, earlier, on_event, stop)

    def _submitted(self, tasks: Sequence[Task]) -> list[tuple[Task, Any]]:
        """Submit an array for the tasks of each size, and write down which cell is which job."""
        import submitit

        from genharness.engine.elsewhere import settled_here  # imports torch, which a plan must not wait for

        folder = tasks[0].settings.results.absolute() / "jobs"
        by_size: dict[tuple[int, int], list[Task]] = defaultdict(list)
        for task in settled_here(tasks, "slurm"):
            by_size[task.settings.threads, int(task.settings.device == "cuda")].append(task)
        longest = queue.longest_array() if self._config.cluster == "slurm" else len(tasks)
        jobs: list[tuple[Task, Any]] = []
        for (cpus, gpus), alike in by_size.items():
            executor = submitit.AutoExecutor(
                folder=folder,
                cluster=self._config.cluster,
                slurm_max_num_timeout=self._config.requeues,
                local_max_num_timeout=self._config.requeues,
            )
            executor.update_parameters(**self._parameters(cpus, gpus, tasks[0].settings.jobs))
            for part in (alike[first : first + longest] for first in range(0, len(alike), longest)):
                try:
                    jobs += zip(part, self._array(executor, part), strict=True)
                except RunError:
                    self._cancel(jobs)
                    raise
        _note_jobs(folder, {task.cell.id: job.job_id for task, job in jobs})
        return jobs

    def _array(self, executor: Any, tasks: Sequence[Task]) -> list[Any]:
        from genharness_exec_slurm.job import CellJob

        try:
            with contextlib.redirect_stderr(io.StringIO()), executor.batch():  # it passes on what sbatch says, too
                return [executor.submit(CellJob(task)) for task in tasks]
        except Exception as error:  # submitit has errors of its own, and passes on those of sbatch
            said = str(getattr(error, "stderr", "") or error).replace("sbatch: error: ", "")
            reason = "; ".join(filter(None, (" ".join(line.split()) for line in said.splitlines())))[-300:]
            raise RunError(f"Slurm did not take the jobs: {reason}") from error

    def _cancel(self, jobs: Sequence[tuple[Task, Any]]) -> None:
        if self._config.cluster == "slurm":
            queue.cancel([job.job_id for _, job in jobs])
        else:
            for _, job in jobs:
                job.cancel(check=False)

    def _parameters(self, cpus: int, gpus: int, at_a_time: int) -> dict[str, Any]:
        config = self._config
        own = {key: value for key, value in self._keys.items() if key not in ("nodelist", "reservation")}
        extra = {key: value for key, value in self._keys.items() if key not in own}
        return {
            "name": "genharness",
            "timeout_min": config.minutes,
            "cpus_per_task": cpus,
            "gpus_per_node": gpus or None,
            **({} if config.memory_gb is None else {"mem_gb": config.memory_gb}),
            "slurm_signal_delay_s": config.grace_seconds,
            "slurm_array_parallelism": at_a_time or 1000,
            "slurm_additional_parameters": {"requeue": True, "open_mode": "append", **extra},
            **{f"slurm_{key}": value for key, value in own.items()},
        }

    def _awaited(
        self,
        jobs: Sequence[tuple[Task, Any]],
        earlier: Mapping[str, str],
        on_event: Callable[[Event], None],
        stop: threading.Event,
    ) -> Iterator[Record]:
        waiting, given_up = list(jobs), 0.0
        states = {job.job_id: "pending" for _, job in jobs}  # has been said
        while waiting:
            if stop.is_set() and not given_up:
                self._cancel(waiting)
                given_up = time.monotonic() + _STOP_SECONDS
            present = self._states(waiting)
            for task, job in list(waiting):
                state = present.get(job.job_id, "")
                if state and state != states.get(job.job_id):
                    states[job.job_id] = state
                    on_event(Event(cell_id=task.cell.id, phase="waiting", text=f"job {job.job_id}: {state}"))
                if not state:
                    waiting.remove((task, job))
                    record = _record(task, job, earlier[task.cell.id], stopped=stop.is_set())
                    if record is not None:
                        yield record
                    if record is not None and record.went_wrong and task.settings.fail_fast:
                        stop.set()
            if given_up and time.monotonic() > given_up:
                return
            if waiting:
                stop.wait(_LOOK_SECONDS) if not given_up else time.sleep(_LOOK_SECONDS / 3)

    def _states(self, jobs: Sequence[tuple[Task, Any]]) -> Mapping[str, str]:
        """Return what the jobs that have not ended are doing, by their ids."""
        if self._config.cluster == "local":
            return {job.job_id: "running" for _, job in jobs if not job.done()}
        found = queue.states([job.job_id for _, job in jobs], pause_seconds=_LOOK_SECONDS)
        if isinstance(found, str):
            raise RunError(f"squeue does not answer ({found}): the jobs go on, see `genharness status`")
        return found


def read_argument(text: str) -> dict[str, str]:
    """Return what `partition=gpu,account=me` says.

    Raises:
        ConfigError: If it does not read so, or names what is not passed on.
    """
    found: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        key, equals, value = part.partition("=")
        if not (equals and value and key in _KEYS):
            raise ConfigError(f"executor slurm: {part!r} must be one of {', '.join(_KEYS)}, as in slurm:partition=gpu")
        found[key] = value
    return found


def _note_jobs(folder: Path, jobs: Mapping[str, str]) -> None:
    """Write down which cell is which job, beside what other runs into this folder wrote."""
    file = folder / "cells.json"
    with entry_turn(file):
        earlier: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError):
            earlier = json.loads(file.read_bytes())
        write_bytes(file, json.dumps({**earlier, **jobs}, indent=1).encode())


def _started(task: Task) -> str:
    """Return when the attempt began that a cell's record is of, as its machine had it; empty without a record."""
    saved = Store(task.settings.results).load(task.cell.id)
    return saved.started_at if saved is not None else ""


def _record(task: Task, job: Any, earlier: str, *, stopped: bool) -> Record | None:
    """Return the record of a cell whose job has ended; none where it was cancelled before it began."""
    store = Store(task.settings.results, writing=True)
    saved = store.load(task.cell.id)
    if saved is not None and saved.started_at != earlier:
        return saved
    if stopped:
        return None
    record = Record(cell=task.cell, status="failed", skipped=dict(task.skipped))
    said = _last_line(Path(job.paths.stderr))
    reason = f"its job {job.job_id} ended without a record{said}; run again to go on from its last checkpoint"
    return store.settle(record.end("failed", reason))


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f" ({last[:200]})" if last else ""
