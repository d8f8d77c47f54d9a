"""What is left of tasks: changed code, files and data bring finished cells back, and nothing else does."""

import dataclasses

import pytest

from acme_plugin import ACME, Acme
from board_records import record
from genharness.errors import ConfigError
from genharness.identity.parts import core_code, registered_code
from genharness.plugin.registry import load_registry
from genharness.results.provenance import UNKNOWN_CODE
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.plugins import DataShape
from genharness.spec.record import SCHEMA_VERSION, Record
from genharness.study.pending import forget, missing_metrics, pending, task_state
from genharness.study.plan import expand
from genharness.study.suite import Suite

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
    path = store.training_of(of.cell).checkpoint
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


def test_of_a_finished_training_samples_are_left_to_draw(store, registry):
    made = done()
    checkpoint(store, made)
    store.training_of(made.cell).note(finished=True, begun_by="")
    assert task_state(task(made), store, registry) == "sample"
    store.save(done(status="failed"))
    assert task_state(task(made), store, registry) == "sample"


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
    forget(task(made), store)
    assert task_state(task(made), store, registry) == "new"
    forget(task(made), store)  # and may be gone already


DIGITS = DatasetFacts(
    reference="digits",
    spec_name="digits",
    shape=DataShape("image", (1, 8, 8), 10, 1258),
    counts={"train": 1258, "test": 539},
    class_names=tuple("0123456789"),
    content_hash="abc",
)


@pytest.fixture
def acme(make_plugin):
    return Acme(make_plugin("acme", ACME))


@pytest.fixture
def study(acme, tmp_path):
    """Plans one cell over and over, and writes records of cells as if they had been run."""

    class Study:
        store = Store(tmp_path / "results")
        facts = DIGITS

        def task(self, **changes):
            values = {"models": ("filled",), "datasets": ("digits",), "metrics": ("gap", "size"), "features": "look"}
            values["baselines"] = False
            settings = Settings(results=self.store.folder)
            return expand(Suite(**{**values, **changes}), load_registry(), settings, lambda name: self.facts).tasks[0]

        def left(self, keep_finished=False, **changes):
            return pending([self.task(**changes)], self.store, load_registry(), keep_finished=keep_finished)[0]

        def finish(self, *, metrics=("gap", "size"), cell=None, **changes):
            registry = load_registry()
            look = {"extractor look": registered_code(registry.extractors, "look").digest}
            code = {
                name: {
                    f"metric {name}": registered_code(registry.metrics, name).digest,
                    **(look if name == "gap" else {}),
                    "sampling": core_code("sampling").digest,
                }
                for name in metrics
            }
            task = self.task(**changes)
            made = Record(
                cell=cell or task.cell, status="ok", scores=dict.fromkeys(metrics, 1.0), code=code, finished_at="2026"
            )
            self.store.save(made)
            return made

    return Study()


def said(one):
    return one.state, one.reasons


def test_nothing_is_left_of_a_finished_cell(study):
    assert said(study.left()) == ("new", ())
    study.finish()
    assert said(study.left()) == ("finished", ())


CHANGES = {
    "the model's module": ("acme_model.py", "SIGN * level", "SIGN * level / 2"),
    "a module that it imports": ("acme_level.py", "1.0", "2.0"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_cell_whose_model_changed_is_run_again(study, acme, what):
    before = study.finish().cell.id
    acme.change(*CHANGES[what])
    left = study.left()
    assert said(left) == ("new", ("code of filled changed",))
    assert left.again
    assert left.task.cell.id != before


NO_CHANGES = {
    "a comment": ("acme_model.py", "class Filled", "# one level\nclass Filled"),
    "a docstring": ("acme_model.py", "    def fit", '    """One grey level."""\n\n    def fit'),
    "a line break": ("acme_model.py", "import torch\n", "import torch\n\n\n"),
    "another model's module": ("acme_beside.py", "pass", "x = 1"),
    "a summary and a recipe that is not asked for": ("acme.py", "One grey level", "A grey level"),
}


@pytest.mark.parametrize("what", NO_CHANGES)
def test_no_cell_is_run_again_for_less(study, acme, what):
    study.finish()
    acme.change(*NO_CHANGES[what])
    assert said(study.left()) == ("finished", ())


def test_no_cell_is_run_again_for_another_version(study, monkeypatch):
    made = study.finish()
    other = dataclasses.replace(made.cell, plugins={"model": "acme 2.0", "dataset": "genharness 9"})
    assert other.id == made.cell.id


def test_a_cell_is_run_again_where_training_itself_changed(study, monkeypatch):
    study.finish()
    digests = {"model": study.task().cell.code["model"], "training": "other"}
    monkeypatch.setattr("genharness.study.plan.training_codes", lambda registry, names: {"filled": digests})
    assert said(study.left()) == ("new", ("code of genharness's training changed",))


def test_code_that_came_back_finds_its_old_cell(study, acme):
    study.finish()
    acme.change("acme_level.py", "1.0", "2.0")
    assert study.left().state == "new"
    acme.change("acme_level.py", "2.0", "1.0")
    assert study.left().state == "finished"


def test_other_scores_are_asked_for_where_a_metric_changed(study, acme):
    cell = study.finish().cell
    acme.change("acme_gap.py", "OFFSET = 0.0", "OFFSET = 1.0")
    left = study.left()
    assert said(left) == ("score", ("code of metric gap changed",))
    assert left.task.cell == cell
    assert study.left(metrics=("size",)).state == "finished"


def test_other_scores_are_asked_for_where_an_extractor_changed(study, acme):
    study.finish()
    acme.change("acme_look.py", "SCALE = 1.0", "SCALE = 2.0")
    assert said(study.left()) == ("score", ("code of extractor look changed",))
    assert study.left(metrics=("size",)).state == "finished"


def test_other_scores_are_asked_for_where_sampling_changed(study, monkeypatch):
    made = study.finish()
    made.code["gap"]["sampling"] = "other"
    study.store.save(made)
    assert said(study.left()) == ("score", ("code of genharness's sampling changed",))


def test_a_trained_model_without_a_checkpoint_is_not_trained_again_for_its_scores(study, acme, monkeypatch):
    made = study.finish()
    monkeypatch.setattr("genharness.study.pending._Outlook._is_trained", lambda self, cell: True)
    acme.change("acme_gap.py", "OFFSET = 0.0", "OFFSET = 1.0")
    assert said(study.left()) == ("kept", ("code of metric gap changed",))
    checkpoint = study.store.training_of(made.cell).checkpoint
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    assert study.left().state == "score"


def test_a_file_that_an_option_names_is_told_by_its_content(study, tmp_path):
    weights = tmp_path / "level.txt"
    weights.write_text("0.5")
    settings = {"filled": {"weights": str(weights)}}
    study.finish(set=settings)
    assert study.left(set=settings).state == "finished"
    weights.write_text("0.6")
    assert said(study.left(set=settings)) == ("new", (f"content of {weights} changed",))
    assert study.left(keep_finished=True, set=settings).state == "new"


def test_a_file_may_be_moved(study, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("0.5")
    study.finish(set={"filled": {"weights": str(tmp_path / "a.txt")}})
    assert study.left(set={"filled": {"weights": str(tmp_path / "b.txt")}}).state == "finished"


def test_a_file_that_an_extractor_reads_is_told_by_its_content(study, tmp_path):
    weights = tmp_path / "scale.txt"
    weights.write_text("2")
    settings = {"look": {"weights": str(weights)}}
    study.finish(set=settings)
    assert study.left(set=settings).state == "finished"
    weights.write_text("3")
    assert said(study.left(set=settings)) == ("new", ("content of look.weights changed",))


def test_other_data_under_the_same_name_are_other_cells(study):
    study.finish()
    study.facts = dataclasses.replace(DIGITS, content_hash="def")
    assert said(study.left()) == ("new", ("content of digits changed",))
    assert study.left(keep_finished=True).state == "new"


def test_data_that_are_not_prepared_here_are_taken_to_be_the_same(study):
    cell = study.finish().cell
    study.facts = dataclasses.replace(DIGITS, content_hash="")
    left = study.left()
    assert said(left) == ("finished", ())
    assert left.task.cell == cell


def test_finished_cells_of_other_code_are_kept_where_that_is_wanted(study, acme):
    cell = study.finish().cell
    acme.change("acme_level.py", "1.0", "2.0")
    left = study.left(keep_finished=True)
    assert said(left) == ("kept", ("code of filled changed",))
    assert left.done
    assert left.task.cell == cell


def test_scores_of_other_code_are_kept_where_that_is_wanted(study, acme):
    study.finish()
    acme.change("acme_gap.py", "OFFSET = 0.0", "OFFSET = 1.0")
    assert said(study.left(keep_finished=True)) == ("kept", ("code of metric gap changed",))


def test_a_metric_that_a_kept_cell_lacks_is_scored_on_it_where_it_was_trained(study, acme, monkeypatch):
    cell = study.finish(metrics=("gap",)).cell
    acme.change("acme_level.py", "1.0", "2.0")
    assert study.left(keep_finished=True).state == "new"  # a reference row, made in no time
    monkeypatch.setattr("genharness.study.pending._Outlook._is_trained", lambda self, cell: True)
    left = study.left(keep_finished=True)
    assert said(left) == ("score", ("code of filled changed",))
    assert left.task.cell == cell


def before_code(cell):
    """Return a cell as the schema 1 had it."""
    protocol = dataclasses.replace(cell.protocol, dataset_hash="")
    return dataclasses.replace(cell, code={}, inputs={}, protocol=protocol)


def test_cells_from_before_code_was_known_run_again_or_are_kept(study):
    made = study.finish(cell=before_code(study.task().cell))
    assert said(study.left()) == ("new", (UNKNOWN_CODE,))
    left = study.left(keep_finished=True)
    assert said(left) == ("kept", (UNKNOWN_CODE,))
    assert left.task.cell == made.cell


def test_of_several_earlier_cells_the_last_is_kept(study, acme):
    for level in ("1.0", "2.0", "3.0"):
        made = study.finish()
        made.finished_at = level
        study.store.save(made)
        acme.change("acme_level.py", level, f"{float(level) + 1}")
    assert study.left(keep_finished=True).task.cell == made.cell


def test_another_setting_is_no_earlier_cell(study):
    study.finish(set={"filled": {"level": 0.5}})
    assert said(study.left()) == ("new", ())


def test_a_cell_that_failed_is_no_finished_one(study, acme):
    made = study.finish()
    made.status = "failed"
    study.store.save(made)
    assert study.left().state == "retry"
    acme.change("acme_level.py", "1.0", "2.0")
    assert said(study.left(keep_finished=True)) == ("new", ())


def test_a_record_of_a_newer_genharness_is_no_earlier_cell(study, acme):
    made = study.finish()
    path = study.store.record_path(made.cell.id)
    path.write_text(path.read_text().replace(f'"schema": {SCHEMA_VERSION}', '"schema": 99'))
    acme.change("acme_level.py", "1.0", "2.0")
    assert said(study.left()) == ("new", ())


def test_a_missing_file_is_refused_before_anything_is_trained(study, tmp_path):
    with pytest.raises(ConfigError, match=r"filled.weights=.*nowhere.txt does not exist"):
        study.task(set={"filled": {"weights": str(tmp_path / "nowhere.txt")}})
