"""What is left to do for a task."""

import pytest

from board_records import record
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task
from genharness.study.pending import forget, missing_metrics, task_state

METRICS = {"fid": {}, "kid": {}}


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path)
    made.open_for_writing()
    return made


def done(**changes):
    return record("vae", 1.0, **changes)


def task(of):
    return Task(cell=of.cell, metrics=METRICS, settings=Settings(results=of.cell.dataset))


def checkpoint(store, of):
    path = store.cell(of.cell.id).checkpoint
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.mark.parametrize(
    ("saved", "trained", "state"),
    [
        (None, False, "new"),
        (None, True, "resume"),
        (done(status="diverged"), False, "retry"),
        (done(status="interrupted"), True, "resume"),
        (done(scores={"kid": 0.1}), True, "finished"),
        (done(scores={"kid": 0.1}), False, "finished"),
        (done(), True, "score"),
    ],
)
def test_record_and_checkpoint_say_what_is_left(store, registry, saved, trained, state):
    made = saved or done()
    if saved is not None:
        store.save(saved)
    if trained:
        checkpoint(store, made)
    assert task_state(task(made), store, registry) == state


def test_a_metric_that_was_skipped_is_not_missing_and_one_that_failed_is(registry):
    made = done()
    assert missing_metrics(task(made), made, registry) == ["kid"]
    made.failed = {"kid": "it broke"}
    assert missing_metrics(task(made), made, registry) == ["kid"]
    made.failed, made.skipped = {}, {"kid": "the data has no classes"}
    assert missing_metrics(task(made), made, registry) == []


def test_an_undefined_score_is_not_missing(registry):
    assert missing_metrics(task(done()), done(scores={"kid": None}), registry) == []


def test_what_is_forgotten_is_new(store, registry):
    made = done(scores={"kid": 0.1})
    store.save(made)
    checkpoint(store, made)
    forget(task(made), store)
    assert task_state(task(made), store, registry) == "new"
    forget(task(made), store)  # and may be gone already
