"""Cells that differ in sampling options only: one training, one checkpoint, a row for each."""

import json
import sys
import threading

import numpy as np
import pytest
import torch

import genharness.cells.train
from genharness.cells.cell import run_task
from genharness.data.facts import facts_reader
from genharness.engine.checkpoint import load_checkpoint
from genharness.engine.loop import Trainer
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings
from genharness.study.pending import pending
from genharness.study.plan import expand
from genharness.study.suite import Suite
from walker_model import install_walker

VAE = {"vae": {"width": 4, "hidden": 8}}
STEPS = (2, 5, 10, 20)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def modules(make_plugin, monkeypatch, home):
    """The folder of the plugin's modules."""
    monkeypatch.setenv("GENHARNESS_HOME", str(home))
    for name in ("walker_plugin", "walker_plugin_heavy", "walker_walks"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return install_walker(make_plugin)


@pytest.fixture
def tasks(tmp_path):
    def plan(steps=STEPS, *, results="results", settings=None, own=None, **changes):
        values = {"models": ("walker",), "datasets": ("digits",), "metrics": ("fid",), "features": "pixels"}
        values |= {"baselines": False, "samples": 100, "budget": "6steps"}
        values["set"] = {"walker": {"steps": list(steps), **(own or {})}}
        where = Settings(results=tmp_path / results, **(settings or {}))
        registry = load_registry()
        return expand(Suite(**{**values, **changes}), registry, where, facts_reader(registry)).tasks

    return plan


@pytest.fixture
def steps_taken(monkeypatch):
    """Counts the training steps that are taken anywhere."""
    taken, train = [], Trainer.train

    def counted(self, **arguments):
        before = self.step
        try:
            train(self, **arguments)
        finally:
            taken.append(self.step - before)

    monkeypatch.setattr(Trainer, "train", counted)
    return taken


def finish(task, should_stop=lambda: False):
    return run_task(task, lambda event: None, should_stop)


def states(some):
    return [one.state for one in pending(some, Store(some[0].settings.results), load_registry())]


def test_four_rows_of_one_training_each_drawn_timed_and_scored_by_itself(tasks, steps_taken):
    some = tasks()
    assert states(some) == ["new"] * 4
    first = finish(some[0])
    assert states(some) == ["finished", "sample", "sample", "sample"]
    done = [first, *map(finish, some[1:])]
    assert states(some) == ["finished"] * 4
    assert steps_taken == [6]
    assert {record.status for record in done} == {"ok"}
    assert [record.measurements["function_evaluations"] for record in done] == list(STEPS)
    assert [record.cell.sampling["steps"] for record in done] == list(STEPS)
    assert len({record.cell.id for record in done}) == len({record.scores["fid"] for record in done}) == 4
    assert len({record.training for record in done}) == len({record.protocol_hash for record in done}) == 1
    for key in ("train_seconds", "train_steps", "train_cpu_seconds", "parameters", "checkpoint_bytes"):
        assert len({record.measurements[key] for record in done}) == 1, key
    assert all(record.history.losses == first.history.losses for record in done)
    flops = [record.measurements["sample_flops"] / steps for record, steps in zip(done, STEPS, strict=True)]
    assert flops == pytest.approx([flops[0]] * 4, rel=0.01)


def test_a_row_that_finds_its_training_done_is_the_row_that_would_have_trained_by_itself(tasks):
    finish(tasks(results="shared")[0])
    shared, alone = finish(tasks(results="shared")[2]), finish(tasks((STEPS[2],), results="alone")[0])
    assert shared.cell.id == alone.cell.id
    assert shared.scores == alone.scores
    assert shared.history.losses == alone.history.losses


def test_another_protocol_shares_the_training_and_another_seed_or_training_option_does_not(tasks):
    (one,) = tasks((5,))
    (measured,), (seed,), (lr,) = tasks((5,), samples=90), tasks((5,), seeds=(1,)), tasks((5,), own={"lr": 0.5})
    assert one.cell.id != measured.cell.id
    assert one.cell.training_id == measured.cell.training_id
    assert len({task.cell.training_id for task in (one, seed, lr)}) == 3


def change(module, old, new):
    text = module.read_text()
    assert old in text
    module.write_text(text.replace(old, new))


def test_a_sampler_that_is_added_later_draws_from_the_finished_training(tasks, steps_taken, modules, monkeypatch):
    (before,) = tasks((2,))
    first = finish(before)
    change(modules / "walker_plugin.py", 'choices=("plain", "long")', 'choices=("plain", "long", "back")')
    change(modules / "walker_walks.py", "    return x", "    return x if config.walk != 'back' else -x")
    for name in ("walker_plugin", "walker_plugin_heavy", "walker_walks"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    again, added = tasks((2,), own={"walk": "plain,back"})
    assert again.cell.id == before.cell.id
    (left, new) = pending([again, added], Store(before.settings.results), load_registry())
    assert (left.state, left.reasons) == ("score", ("code of sampler walker changed",))
    assert new.state == "sample"
    assert finish(again).scores == first.scores
    assert finish(added).scores != first.scores
    assert sum(steps_taken) == 6


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [("walker_plugin_heavy", "(self.step(torch", "(2 * self.step(torch"), ("walker_plugin", "default=1", "default=2")],
)
def test_other_code_of_training_is_another_training(tasks, modules, module, old, new):
    (before,) = tasks((2,))
    change(
        modules / "walker_plugin.py", "steps: int", "limit: int = option(default=1, help='of training')\n    steps: int"
    )
    (limited,) = tasks((2,))
    change(modules / f"{module}.py", old, new)
    (after,) = tasks((2,))
    assert len({task.cell.training_id for task in (before, limited, after)}) == 3


class StopAfter:
    """Asks for a stop once it was asked so many times."""

    def __init__(self, calls):
        self.calls = calls

    def __call__(self):
        self.calls -= 1
        return self.calls < 0


def test_a_training_that_was_interrupted_goes_on_whichever_row_comes_next(tasks, steps_taken):
    settings = {"checkpoint_seconds": 0}
    some = tasks(results="cut", settings=settings)
    assert finish(some[0], StopAfter(3)).status == "interrupted"
    begun = steps_taken[0]
    assert 0 < begun < 6
    assert states(some) == ["resume"] * 4
    done = finish(some[3])
    assert steps_taken == [begun, 6 - begun]
    assert done.scores == finish(tasks(results="whole", settings=settings)[3]).scores


def test_a_kill_while_samples_are_drawn_costs_no_training(tasks, steps_taken, monkeypatch):
    some = tasks()

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(genharness.cells.score.Scorer, "_draw", killed)
        with pytest.raises(KeyboardInterrupt):
            finish(some[0])
    assert states(some) == ["sample"] * 4
    assert all(finish(task).finished for task in some)
    assert steps_taken[0] == 6
    assert sum(steps_taken) == 6


def test_a_kill_before_training_is_known_to_be_finished_costs_none(tasks, steps_taken):
    some = tasks()
    finish(some[0])
    (Store(some[0].settings.results).training(some[0].cell.training_id).path / "training.json").unlink()
    assert states(some)[1:] == ["resume"] * 3
    finish(some[1])
    assert states(some)[2:] == ["sample"] * 2
    assert sum(steps_taken) == 6


def test_of_two_at_a_time_one_trains_and_the_other_waits_for_it(tasks, steps_taken):
    some, events, records = tasks((2, 5)), [], []

    def run(task):
        records.append(run_task(task, events.append, lambda: False))

    training = Store(some[0].settings.results).training(some[0].cell.training_id)
    with genharness.cells.cell.turn(training.lock, on_wait=pytest.fail, should_stop=lambda: False):
        thread = threading.Thread(target=run, args=(some[1],))
        thread.start()
        for _ in range(600):
            if any(event.phase == "waiting" for event in events):
                break
            threading.Event().wait(0.1)
        assert not training.checkpoint.exists()
    thread.join(300)
    assert {event.text for event in events if event.phase == "waiting"} == {
        "another cell is training the model that this one shares"
    }
    assert records[0].finished
    assert records[0].measurements["train_steps"] == 6


def test_scores_over_training_are_those_of_the_row_that_drew_them(tasks):
    settings = {"score_every": "2steps", "score_samples": 20}
    first, second = map(finish, tasks((2, 5), settings=settings))
    assert first.history.scores["step"] == [2, 4, 6]
    assert second.history.scores == {"step": []}
    assert second.history.best is None


def test_a_checkpoint_that_nobody_keeps_stays_until_its_last_row_is_done(tasks, steps_taken):
    some = tasks((2, 5, 10), settings={"keep": "samples"})
    folder = Store(some[0].settings.results).training(some[0].cell.training_id)
    for task, stays in zip(some, (True, True, False), strict=True):
        assert finish(task).finished
        assert folder.checkpoint.exists() == stays
    assert steps_taken == [6]


def test_what_is_done_afresh_is_trained_once(tasks, steps_taken):
    for task in tasks((2, 5)):
        finish(task)
    for task in tasks((2, 5), settings={"fresh": "a"}):
        finish(task)
    assert steps_taken == [6, 6]
    for task in tasks((2, 5), settings={"fresh": "b"}):
        finish(task)
    assert steps_taken == [6, 6, 6]


def as_before_schema_4(task, record, store):
    """Lay a cell out as it was before trainings had folders: its checkpoint in its own, under the cell's id."""
    now, before = store.training(record.training), store.cell(record.cell.id).path
    content = torch.load(now.checkpoint, weights_only=True)
    content |= {"format": 3, "cell_id": record.cell.id}
    del content["training_id"], content["progress"]["scored_as"]
    torch.save(content, before / "checkpoint.pt")
    now.forget()
    plain = json.loads(store.record_path(record.cell.id).read_bytes())
    plain["schema"] = 3
    plain["artefacts"]["checkpoint"] = "checkpoint.pt"
    del plain["training"], plain["cell"]["sampling"]
    store.record_path(record.cell.id).write_text(json.dumps(plain))


@pytest.fixture
def earlier(tasks):
    """A cell of a model without sampling options, as an earlier genharness left it."""

    def lay_out(**changes):
        (task,) = tasks(models=("vae",), set=VAE, **changes)
        record, store = finish(task), Store(task.settings.results)
        as_before_schema_4(task, record, store)
        return task, record, store

    return lay_out


def test_a_cell_from_before_trainings_had_folders_is_finished_still(earlier):
    task, _, _ = earlier()
    assert task.cell.sampling == {}
    assert states([task]) == ["finished"]


def test_a_metric_is_added_to_it_without_training_and_its_checkpoint_gets_a_folder(earlier, tasks, steps_taken):
    _, record, store = earlier()
    (more,) = tasks(models=("vae",), metrics=("fid", "prdc"), set=VAE)
    assert states([more]) == ["score"]
    del steps_taken[:]
    done = finish(more)
    assert sum(steps_taken) == 0
    assert done.scores["fid"] == record.scores["fid"]
    assert "coverage" in done.scores
    assert not (store.cell(record.cell.id).path / "checkpoint.pt").exists()
    assert load_checkpoint(store.training(done.training).checkpoint, done.training).step == 6


def test_its_samples_are_drawn_from_where_its_checkpoint_lies(earlier):
    from genharness.cells.draw import draw_from

    _, record, store = earlier()
    drawn = draw_from(store.load(record.cell.id), load_registry(), results=store.folder, n=100)
    scored = np.load(store.cell(record.cell.id).samples)["images"]
    assert np.array_equal(drawn.samples, scored)


def test_an_interrupted_one_goes_on(earlier, steps_taken):
    task, record, store = earlier()
    store.record_path(record.cell.id).unlink()
    assert states([task]) == ["resume"]
    del steps_taken[:]
    assert finish(task).scores == record.scores
    assert sum(steps_taken) == 0
