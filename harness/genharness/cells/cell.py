"""One cell: data, train, sample, measure, record. Whatever happens, a record says how it ended."""

from __future__ import annotations

import dataclasses
import errno
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from genharness.cells.costs import operations
from genharness.cells.score import Scored, Scorer
from genharness.cells.train import Trained, TrainingEndedError, train
from genharness.cells.turn import turn
from genharness.cells.workplace import Workplace
from genharness.data import PreparedData, ensure_prepared
from genharness.engine.arithmetic import set_arithmetic
from genharness.engine.checkpoint import UnreadableCheckpointError
from genharness.engine.environment import environment
from genharness.engine.loop import DivergedError, StopRequestedError
from genharness.engine.memory import is_out_of_memory, lift_memory_limit
from genharness.engine.threads import settle_threads
from genharness.errors import GenharnessError, RunError
from genharness.files.atomic import delete, remove_temporaries, write_bytes
from genharness.plugin.blame import is_the_users, one_line, whole_traceback
from genharness.plugin.execution import Event, Phase
from genharness.plugin.registry import Registry, load_registry
from genharness.results.provenance import Provenance, refuse_changed
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.dataset_name import parse_reference
from genharness.spec.length import parse_length
from genharness.spec.record import Record, Status, now
from genharness.study.pending import forget, missing_metrics

__all__ = ["run_task"]


def run_task(task: Task, emit: Callable[[Event], None], should_stop: Callable[[], bool]) -> Record:
    """Run a cell to its end and save its record.

    Args:
        task: What to run.
        emit: Told of phases and progress.
        should_stop: Asked often; once true, the cell saves its state and ends as `interrupted`.

    Returns:
        The record, saved; its status says how the cell ended. Only a killed process leaves none.
    """
    store = Store(task.settings.results.absolute(), writing=True)  # a model may go to another folder

    def on_wait() -> None:
        emit(Event(cell_id=task.cell.id, phase="waiting", text="another run is working on this cell"))

    try:
        with turn(store.cell(task.cell.id).lock, on_wait=on_wait, should_stop=should_stop) as waited:
            done = store.load(task.cell.id) if waited else None
            if done is not None and done.finished and not missing_metrics(task, done, load_registry()):
                return done
            if task.settings.fresh:
                forget(task, store)
            store.remove_leftovers(task.cell.id)
            return _Attempt(task, store, emit, should_stop).run()
    except StopRequestedError:
        return Record(cell=task.cell, status="interrupted", reason="stopped while another run worked on it")
    except (GenharnessError, OSError) as error:  # there are no locks, or what is there cannot be looked at
        text = _text(error) if isinstance(error, GenharnessError) else one_line(error)
        return store.settle(Record(cell=task.cell, status="failed").end("failed", f"it could not begin: {text}"))


class _Attempt:
    """One attempt at a cell: the only place that writes into its record.

    Args:
        task: What to run.
        store: The results folder.
        emit: Told of phases and progress.
        should_stop: Asked often.
    """

    def __init__(
        self, task: Task, store: Store, emit: Callable[[Event], None], should_stop: Callable[[], bool]
    ) -> None:
        self.task, self.store = task, store
        self.record = Record(cell=task.cell, status="failed", started_at=now(), skipped=dict(task.skipped))
        self.phase: Phase = "prepare"
        self.earlier_seconds = 0.0
        self.unrepeatable: set[str] = set()
        self.trains = parse_length(task.cell.length).amount > 0
        self.record.training = task.cell.training_id if self.trains else ""

        def watched(event: Event) -> None:
            self.phase = event.phase
            emit(event)

        self.workplace = Workplace(
            cell=task.cell,
            settings=task.settings,
            folder=store.cell(task.cell.id),
            training=store.training(task.cell.training_id),
            device=torch.device(task.settings.device),
            emit=watched,
            should_stop=should_stop,
        )

    def run(self) -> Record:
        """Go through the phases, save the record and return it."""
        try:
            self._execute()
            self._end("ok")
        except TrainingEndedError as end:
            self.record.history, self.earlier_seconds = end.history, end.earlier_seconds
            self._end_by(end.__cause__ or end)
        except BaseException as error:  # a model may raise anything; the cell fails, not the run
            if is_the_users(error):
                raise
            self._end_by(error)
        if self.task.settings.deterministic:
            self.record.environment["not_deterministic"] = sorted(self.unrepeatable)
        self.workplace.news("record")
        try:
            settled = self.store.settle(self.record)
            self._tidy_training()
            return settled
        except Exception as error:  # no memory, or a plugin gave what JSON has no form for: a bare record says so
            self.record = Record(cell=self.task.cell, status="failed", started_at=self.record.started_at)
            self._end_by(error)
            return self.store.settle(self.record)

    def _execute(self) -> None:
        earlier = self.store.load(self.task.cell.id)  # now: one that cannot be read is found before anything is done
        device, cell = self.workplace.device, self.task.cell
        self.unrepeatable = set_arithmetic(device, cell.precision, deterministic=self.task.settings.deterministic)
        self.workplace.folder.path.mkdir(parents=True, exist_ok=True)
        registry = load_registry()
        if earlier is None or not earlier.finished:
            refuse_changed(self.task.cell, registry)
        else:  # it is scored only, maybe by the user's wish with other code than it was trained by
            changed = Provenance(registry).of_training(earlier)
            self.record.notes += [f"scored with other code than it was trained by: {line}" for line in changed]
        data = self._prepare(registry)
        settings = self.task.settings
        settle_threads(data.shape, settings.threads, settings.jobs)
        limit = {"memory_limit_mib": settings.memory_limit_bytes / 2**20 or None}
        self.record.environment = environment(self.workplace.device, deterministic=settings.deterministic) | limit
        scorer = Scorer(self.workplace, registry, data, self.task.metrics)
        scorer.prepare()
        trained = self._train(registry, data, scorer)
        self._note_trained(trained)
        self._note_operations(trained)
        self.workplace.stop_if_asked()
        self._note_scored(scorer.score(trained), earlier)
        self._tidy()

    def _prepare(self, registry: Registry) -> PreparedData:
        self.workplace.news("prepare")
        reference = parse_reference(self.task.cell.dataset)

        def report(done: int, total: int, text: str) -> None:
            self.workplace.news("prepare", fraction=done / total if total else None, text=text)

        data = ensure_prepared(registry.datasets.find(reference.name), reference, report=report)
        if self.task.cell.protocol.dataset_hash not in ("", data.content_hash):
            raise RunError(f"content of {reference} changed since this run was planned: run again")
        return data

    def _train(self, registry: Registry, data: PreparedData, scorer: Scorer) -> Trained:
        """Train, one at a time of the cells that share a training: the others find it done.

        A checkpoint that cannot be used is set aside, and training begins anew.
        """
        spec = registry.models.find(self.task.cell.model)
        if not self.trains:
            return train(self.workplace, spec, data, scorer.periodic)
        with turn(self.workplace.training.lock, on_wait=self._wait, should_stop=self.workplace.should_stop) as waited:
            self.workplace = dataclasses.replace(self.workplace, began=self.workplace.began + waited)
            self._begin_training()
            try:
                return train(self.workplace, spec, data, scorer.periodic)
            except UnreadableCheckpointError as error:
                self.store.set_aside(self.workplace.training.checkpoint, str(error))
                self.record.notes += self.store.warnings
                return train(self.workplace, spec, data, scorer.periodic)

    def _wait(self) -> None:
        self.workplace.news("waiting", text="another cell is training the model that this one shares")

    def _begin_training(self) -> None:
        """Bring the folder of the training into order; its lock is held."""
        folder, fresh = self.workplace.training, self.task.settings.fresh
        if fresh and folder.begun_by != fresh:
            folder.forget()
            folder.note(finished=False, begun_by=fresh)
        self.store.adopt(self.task.cell)
        remove_temporaries(folder.path)

    def _note_trained(self, trained: Trained) -> None:
        self.earlier_seconds = trained.earlier_seconds
        self.record.history = trained.history
        self.record.measurements |= trained.measurements
        self.record.environment["energy_not_counted"] = dict(trained.uncounted)
        self.record.notes += trained.caveats

    def _note_operations(self, trained: Trained) -> None:
        counted, notes = operations(trained.source, self.task.cell, trains=self.trains)
        self.record.measurements |= counted
        self.record.notes += notes

    def _note_scored(self, scored: Scored, earlier: Record | None) -> None:
        record, results = self.record, scored.results
        record.scores = {key: value for result in results for key, value in result.values.items()}
        record.errors = {key: error for result in results for key, error in result.errors.items()}
        record.bands = {**scored.bands}
        record.skipped |= {result.metric.name: result.skipped for result in results if result.skipped}
        record.failed = {result.metric.name: result.failed for result in results if result.failed}
        record.code = {name: dict(digests) for name, digests in scored.code.items()}
        record.facts |= scored.facts
        record.classes = {which: [*counts] for which, counts in scored.classes.items()}
        record.confusion = [[*line] for line in scored.confusion]
        record.measurements |= scored.measurements
        record.history.sweep = {key: [*values] for key, values in scored.sweep.items()}
        record.artefacts |= scored.artefacts
        record.notes += scored.notes
        record.protocol, record.protocol_hash = scored.protocol.as_plain(), scored.protocol.hash
        record.keep_scores_of(earlier, asked=self.task.metrics)
        self._keep_tracebacks({result.metric.name: result.traceback for result in results if result.failed})

    def _keep_tracebacks(self, tracebacks: Mapping[str, str]) -> None:
        """Write down what failed, or forget what an earlier attempt wrote."""
        file = self.workplace.folder.traceback
        if not tracebacks:
            file.unlink(missing_ok=True)
            return
        text = "\n".join(f"{what}\n{traceback}" for what, traceback in tracebacks.items())
        try:
            write_bytes(file, text.encode(errors="backslashreplace"))
        except OSError:  # a full disk: the line in the record has to do
            return
        self.record.artefacts["traceback"] = file.name

    def _tidy(self) -> None:
        """Throw away what the user does not want to keep of a finished cell."""
        unwanted = self.workplace.folder.unwanted(self.task.settings.keep)
        for path in unwanted:
            delete(path)
        names = {path.name for path in unwanted}
        self.record.artefacts = {key: file for key, file in self.record.artefacts.items() if file not in names}

    def _tidy_training(self) -> None:
        """Throw away the state of training where the user does not want it, once no cell of the plan needs it."""
        folder = self.workplace.training
        if not (self.record.finished and self.trains) or self.task.settings.keep == "checkpoints":
            return
        others = (self.store.load(cell_id) for cell_id in self.task.shares)
        if all(record is not None and record.finished for record in others):
            with turn(folder.lock, on_wait=self._wait, should_stop=lambda: False):
                folder.forget()

    def _end(self, status: Status, reason: str = "") -> None:
        """Write how the cell ended into the record."""
        self.record.end(status, reason, self.earlier_seconds + self.workplace.seconds)

    def _end_by(self, error: BaseException) -> None:
        """Write into the record how a cell ended that raised an error."""
        if isinstance(error, StopRequestedError):
            self._end("interrupted", "stopped on request; run again to go on")
        elif isinstance(error, DivergedError):
            self._end("diverged", str(error))
        elif is_out_of_memory(error):
            self._end("out_of_memory", self._memory_reason(error))
        else:
            self._keep_tracebacks({f"{self.task.cell} at {self.phase}": whole_traceback(error)})
            self._end("failed", self._reason(error))

    def _reason(self, error: BaseException) -> str:
        if isinstance(error, GenharnessError):
            return _text(error)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"disk full at {self.phase}: free space in {self.store.folder.absolute()} and run again"
        kept = "traceback" in self.record.artefacts
        return one_line(error) + (
            f"; its traceback is in {self._as_given(self.workplace.folder.traceback)}" if kept else ""
        )

    def _as_given(self, path: Path) -> Path:
        """Return a place in the results folder as the user named that."""
        return self.task.settings.results / path.relative_to(self.store.folder)

    def _memory_reason(self, error: BaseException) -> str:
        limit = self.task.settings.memory_limit_bytes
        if limit:
            lift_memory_limit()
        under = f" (limit {limit / 2**20:,.0f} MiB)" if limit else ""
        return f"out of memory at {self.phase}{under}: {_text(error) or 'allocation failed'}"


def _text(error: BaseException) -> str:
    return " ".join(str(error).split())[:600]
