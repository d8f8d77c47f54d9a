"""The local executor: what it knows of its machine, and that a cell which neither speaks nor listens is ended."""

import datetime
import errno
import os
import resource
import sys
import threading
import time
from types import SimpleNamespace

import psutil
import pytest

import genharness_exec_local.child
import genharness_exec_local.local
from faulty_models import HEAVY, LIGHT
from genharness import RunError
from genharness.data.facts import facts_reader
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings
from genharness.spec.options import NoOptions
from genharness.spec.record import Record
from genharness.study.plan import expand
from genharness.study.suite import Suite
from genharness_exec_local import memory
from genharness_exec_local.child import _device, own_variables, run_in_child
from genharness_exec_local.local import LocalExecutor
from genharness_exec_local.memory import oom_kills


@pytest.fixture
def task(tmp_path, make_plugin):
    make_plugin("faulty-models", LIGHT, heavy=HEAVY)

    def make(model, **settings):
        registry = load_registry()
        asked = {"datasets": ("digits#300",), "metrics": ("fid",), "features": "pixels", "samples": 50}
        suite = Suite(models=(model,), baselines=False, **asked)
        where = Settings(results=tmp_path / "results", threads=1, **settings)
        (made,) = expand(suite, registry, where, facts_reader(registry)).tasks
        Store(where.results, writing=True).open_for_writing()
        return made

    return make


def ended(task, stop_after=None):
    """Run a task and return its record; ask for a stop so many seconds after training began."""
    stop, begun = threading.Event(), []

    def on_event(event):
        if event.phase == "train" and not begun and stop_after is not None:
            begun.append(threading.Timer(stop_after, stop.set))
            begun[0].start()

    (record,) = LocalExecutor("", NoOptions()).run([task], on_event=on_event, stop=stop)
    return record


def test_a_cell_that_closed_its_descriptors_is_held_to_its_time(task):
    start = time.monotonic()
    record = ended(task("closes-descriptors", timeout_seconds=10))
    assert record.status == "timeout"
    assert time.monotonic() - start < 100  # the model sleeps for ten minutes


@pytest.mark.parametrize("model", ["closes-descriptors", "hangs"])
def test_a_cell_that_neither_stops_nor_speaks_is_ended_and_can_go_on(task, model, monkeypatch):
    monkeypatch.setattr(genharness_exec_local.local, "_DEAF_SECONDS", 3.0)
    record = ended(task(model), stop_after=1)
    assert record.status == "interrupted"
    assert "it neither stopped nor gave a sign of life for 3 s, and was ended" in record.reason


def test_a_cell_that_could_save_its_record_but_not_send_it_ended_as_that_says(task):
    one = task("closes-its-pipe")
    record = ended(one)
    assert record.status == "interrupted"
    assert record == Store(one.settings.results).load(one.cell.id)


@pytest.mark.parametrize("days", [-2, 2])
def test_whose_record_it_is_hangs_on_no_clock(task, monkeypatch, days):
    """One that was saved before is not this attempt's though it ends in the future, one saved since is."""
    one = task("good")
    store = Store(one.settings.results, writing=True)
    earlier = Record(cell=one.cell, status="interrupted", started_at=hours_from_now(-24 * days))
    store.save(earlier)

    class Silent(genharness_exec_local.local._Worker):
        def __init__(self, saves):
            self.task, self.process, self.pipe = (
                one,
                SimpleNamespace(join=lambda _: None, exitcode=3),
                SimpleNamespace(),
            )
            self.pipe.close = lambda: None
            self._record, self._timed_out, self._deaf, self._phase, self._started = None, False, False, "train", 0.0
            self._record_path = store.record_path(one.cell.id)
            self._record_before = genharness_exec_local.local._stamp(self._record_path)
            if saves:
                store.save(Record(cell=one.cell, status="interrupted", started_at=hours_from_now(24 * days)))

    assert "its process ended at train with exit code 3" in Silent(saves=False).record().reason
    assert Silent(saves=True).record().started_at == hours_from_now(24 * days)


def hours_from_now(hours):
    return (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(hours=hours)).isoformat()


def test_a_model_that_leaves_python_is_one_failed_cell(task):
    record = ended(task("leaves"))
    assert record.status == "failed"
    assert "SystemExit: 0 (faulty_models_heavy.py:" in record.reason


@pytest.mark.parametrize("limit", [None, 4 << 30])
def test_a_torch_that_cannot_be_loaded_is_one_line_of_a_record(task, monkeypatch, limit):
    """As a broken installation is, or address space that it does not fit into."""

    def leave(code):
        raise SystemExit(code)

    sent = []
    pipe = SimpleNamespace(send=sent.append)
    one = task("good")
    monkeypatch.setitem(sys.modules, "genharness.cells.cell", None)
    monkeypatch.setattr(genharness_exec_local.child.os, "_exit", leave)
    monkeypatch.setattr(genharness_exec_local.child.signal, "signal", lambda *_: None)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (limit or resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with pytest.raises(SystemExit):
        run_in_child(one, pipe, threading.Event(), 0, own_variables())
    ((kind, record),) = sent
    assert (kind, record.status) == ("record", "failed")
    assert record.reason.startswith("torch cannot be loaded (ModuleNotFoundError: import of genharness.cells.cell")
    assert ("allow more memory than 4,096 MiB (ulimit -v)" in record.reason) == (limit is not None)
    assert Store(one.settings.results).load(one.cell.id) == record


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError(errno.EMFILE, "refused"), r"\(refused\): allow more open files"),
        (OSError(errno.ENOMEM, "refused"), r"\(refused\): free memory"),
        (OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)), r"\(Resource temporarily .*\): allow more processes"),
        (EOFError(), r"\(what starts them ended\): allow more processes"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), r"\(what starts them ended\): allow more processes"),
    ],
)
def test_a_process_that_cannot_be_started_says_what_to_do(task, error, advice):
    def refuse(**_):
        raise error

    with pytest.raises(RunError, match=rf"cannot start a process for .* {advice}.*, or use fewer --jobs"):
        genharness_exec_local.local._Worker(SimpleNamespace(Pipe=refuse), task("good"), 0)


@pytest.mark.parametrize(("then", "status"), [("ends", "ok"), ("hangs", "timeout")])
def test_a_copy_of_its_process_that_a_model_forks_ends_with_the_cell(task, tmp_path, monkeypatch, then, status):
    monkeypatch.setenv("GENHARNESS_COPIES", str(tmp_path / "copy"))
    monkeypatch.setenv("GENHARNESS_THEN", then)
    assert ended(task("leaves-copies", timeout_seconds=0 if then == "ends" else 30)).status == status
    assert is_gone(int((tmp_path / "copy").read_text()))


def test_a_fork_of_a_cell_that_goes_on_beside_it_ends_before_it_speaks_in_its_name(monkeypatch):
    sent = []
    news = genharness_exec_local.child._News(SimpleNamespace(send=sent.append))
    news.send("ours")
    assert news.of_a_copy() is False
    monkeypatch.setattr(genharness_exec_local.child.os, "getpid", lambda: -1)
    monkeypatch.setattr(genharness_exec_local.child.os, "_exit", lambda code: sys.exit(code))
    with pytest.raises(SystemExit):
        news.send("a copy's")
    with pytest.raises(SystemExit):
        news.of_a_copy()
    assert sent == ["ours"]


def is_gone(pid):
    """Whether a process ends within ten seconds; who reaps it is not our matter."""
    for _ in range(100):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.1)
    return False


def test_an_executor_that_runs_nothing_starts_nothing(monkeypatch):
    monkeypatch.setattr(genharness_exec_local.local, "_context", lambda: pytest.fail("a fork server was started"))
    LocalExecutor("", NoOptions())


def test_kills_for_want_of_memory_are_counted_wherever_the_kernel_tells(tmp_path, monkeypatch):
    (tmp_path / "events").write_text("low 3\noom 2\noom_kill 2\noom_group_kill 9\n")
    (tmp_path / "vmstat").write_text("nr_free_pages 7\noom_kill 5\n")
    monkeypatch.setattr(memory, "_COUNTERS", (tmp_path / "events", tmp_path / "vmstat", tmp_path / "absent"))
    assert oom_kills() == 7


@pytest.mark.parametrize(
    ("wanted", "gpus", "devices"),
    [("cpu", 2, ["cpu"] * 3), ("cuda:1", 2, ["cuda:1"] * 3), ("cuda", 2, ["cuda:0", "cuda:1", "cuda:0"])],
)
def test_cells_side_by_side_take_gpus_in_turn(monkeypatch, wanted, gpus, devices):
    monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)
    task = SimpleNamespace(settings=SimpleNamespace(device=wanted))
    assert [_device(task, slot) for slot in range(3)] == devices


def test_no_two_cells_at_a_time_are_on_one_gpu(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    at_work, most, used = set(), [], []

    class Worker:
        """A cell that ends when it is looked at for the third time, the longer the higher its number."""

        def __init__(self, context, task, slot):
            self.task, self.slot, self.left = task, slot, 2 + task.number
            self.device = _device(task, slot)
            assert self.device not in at_work
            at_work.add(self.device)
            used.append(self.device)
            most.append(len(at_work))

        def ended(self, stop):
            self.left -= 1
            if self.left == 0:
                at_work.remove(self.device)
            return self.left == 0

        def record(self):
            return SimpleNamespace(went_wrong=False, number=self.task.number)

    monkeypatch.setattr(genharness_exec_local.local, "_Worker", Worker)
    monkeypatch.setattr(genharness_exec_local.local, "_context", lambda: None)
    monkeypatch.setattr(genharness_exec_local.local, "_ready", lambda workers: [])
    settings = SimpleNamespace(device="cuda", jobs=2, fail_fast=False)
    tasks = [SimpleNamespace(settings=settings, number=number) for number in range(5)]
    records = list(LocalExecutor("", NoOptions()).run(tasks, on_event=print, stop=threading.Event()))
    assert sorted(record.number for record in records) == [0, 1, 2, 3, 4]
    assert (max(most), set(used)) == (2, {"cuda:0", "cuda:1"})
