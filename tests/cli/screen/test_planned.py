"""A plan on the screen."""

import dataclasses
import io

import pytest

from board_records import record
from genharness.board.terminal import DataConsole
from genharness.cli.screen.planned import print_changes, print_plan, print_skips
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task
from genharness.study.pending import Pending
from genharness.study.plan import Plan, Skip


def task(seed):
    cell = dataclasses.replace(record("vae", 1.0, seed=seed).cell, length="400steps")
    return Task(cell=cell, metrics={}, settings=Settings(results="."))


TASKS = [task(seed) for seed in range(5)]
STATES = ["new", "finished", "score", "resume", "retry"]
SKIPS = [Skip("acgan", "faces", "needs class labels [of two classes]")]


@pytest.fixture
def printed(tmp_path):
    stream = io.StringIO()
    plan = Plan(tasks=TASKS, skips=SKIPS, notes=[])
    pending = [Pending(task, state) for task, state in zip(TASKS, STATES, strict=True)]
    print_plan(DataConsole(file=stream, width=120), plan, pending, load_registry(), Store(tmp_path), jobs=1)
    return stream.getvalue()


def test_every_cell_says_what_is_left_of_it(printed):
    for words in ("run", "skip: finished", "score what is missing", "go on from the checkpoint", "try again"):
        assert words in printed
    assert "5 cells" in printed


def test_one_cell_is_one_and_of_a_study_until_decided_it_may_be_fewer(tmp_path):
    stream, some = io.StringIO(), [Pending(TASKS[0], "new")]
    out, store = DataConsole(file=stream, width=120), Store(tmp_path)
    print_plan(out, Plan(tasks=TASKS[:1]), some, load_registry(), store, jobs=1, at_most=True)
    assert "1 cell " in stream.getvalue()
    assert "at most about" in stream.getvalue()


def test_cells_that_share_a_training_are_told_apart_and_trained_once(tmp_path):
    made = [record("ddpm", 1.0, options={"lr": 0.1}, sampling={"eta": 0.0, "steps": steps}).cell for steps in (10, 50)]
    tasks = [Task(cell=cell, metrics={}, settings=Settings(results=".")) for cell in made]
    stream = io.StringIO()
    pending = [Pending(task, "new") for task in tasks]
    print_plan(
        DataConsole(file=stream, width=120), Plan(tasks=tasks), pending, load_registry(), Store(tmp_path), jobs=1
    )
    text = stream.getvalue()
    assert "2 cells of 1 training " in text
    assert "ddpm steps=10" in text
    assert text.count("shares a training above") == 1
    assert "eta" not in text


@pytest.mark.parametrize(
    ("cells", "jobs", "device", "told"),
    [(40, 1, "cpu", True), (40, 2, "cpu", False), (40, 1, "cuda", False), (1, 1, "cpu", False)],
)
def test_a_long_plan_says_what_cells_side_by_side_would_save(tmp_path, monkeypatch, cells, jobs, device, told):
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    tasks = [task(seed) for seed in range(cells)]
    tasks = [dataclasses.replace(one, cell=dataclasses.replace(one.cell, device=device)) for one in tasks]
    stream, pending = io.StringIO(), [Pending(one, "new") for one in tasks]
    out = DataConsole(file=stream, width=120)
    print_plan(out, Plan(tasks=tasks), pending, load_registry(), Store(tmp_path), jobs=jobs)
    assert ("with --jobs 4, a cell a core, as little as " in stream.getvalue()) == told


def test_the_protocol_of_each_dataset_is_shown_once(printed):
    assert printed.count("protocol of digits: classifier") == 1


def test_pairs_that_cannot_be_are_told_with_their_reason_as_it_is(printed):
    assert "skipped: acgan on faces: needs class labels [of two classes]" in printed


def test_without_skips_nothing_is_said():
    stream = io.StringIO()
    print_skips(DataConsole(file=stream), Plan(tasks=[], skips=[], notes=[]))
    assert stream.getvalue() == ""


def changes(*pending):
    stream = io.StringIO()
    print_changes(DataConsole(file=stream, width=120), pending)
    return stream.getvalue().splitlines()


def test_finished_cells_that_are_made_again_are_counted_with_the_reasons():
    code, data = "code of acme changed", "digits changed"
    again = [Pending(TASKS[0], "new", (code,)), Pending(TASKS[1], "new", (code, data)), Pending(TASKS[2], "finished")]
    instead = "; --keep-finished takes what is there"
    assert changes(*again) == [f"2 finished cells run again: {code}, {data} (1){instead}"]
    assert changes(Pending(TASKS[0], "score", (code,))) == [f"1 finished cell is scored again: {code}{instead}"]
    assert changes(Pending(TASKS[0], "kept", (code,))) == [f"1 finished cell is used as it is: {code}"]
    assert changes(Pending(TASKS[0], "new")) == []


def test_a_plan_of_many_cells_is_a_row_a_model(tmp_path):
    cells = [record(f"m-{model}", 1.0, seed=seed).cell for model in range(60) for seed in range(10)]
    cells += [dataclasses.replace(cell, model="vae", length="400steps") for cell in cells[:10]]
    tasks = [Task(cell=cell, metrics={}, settings=Settings(results=".")) for cell in cells]
    pending = [Pending(task, "finished" if task.cell.seed < 2 else "new") for task in tasks]
    stream, registry = io.StringIO(), load_registry()
    for model in range(60):
        registry.models.add(dataclasses.replace(registry.models["vae"], name=f"m-{model}"), "none 1")
    print_plan(DataConsole(file=stream, width=120), Plan(tasks=tasks), pending, registry, Store(tmp_path), jobs=1)
    lines = stream.getvalue().splitlines()
    assert "610 cells" in lines[0]
    row = next(line for line in lines if line.split()[:1] == ["m-7"])
    assert row.split()[1:5] == ["1", "1", "10", "10"]
    assert "skip: finished 2, run 8" in row
    assert sum("and 11 more models" in line for line in lines) == 1
    assert len(lines) < 70
