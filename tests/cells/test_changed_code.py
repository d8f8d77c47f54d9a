"""What a cell is filed under: the code that made it, or it is not made."""

import pytest

from acme_plugin import ACME, Acme
from genharness.cells.cell import run_task
from genharness.data.facts import facts_reader
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings
from genharness.study.pending import pending
from genharness.study.plan import expand
from genharness.study.suite import Suite


@pytest.fixture
def acme(make_plugin):
    return Acme(make_plugin("acme", ACME))


@pytest.fixture
def study(acme, tmp_path):
    """Gives what is left of one cell, run in this process as if it were a new one."""

    class Study:
        store = Store(tmp_path / "results")

        def left(self, **changes):
            values = {"models": ("filled",), "datasets": ("digits",), "metrics": ("gap",), "features": "look"}
            values["baselines"] = False
            registry = load_registry()
            settings = Settings(results=self.store.folder)
            suite = Suite(**{**values, "samples": 50, "set": {"filled": {"level": 0.5}}, **changes})
            return pending(expand(suite, registry, settings, facts_reader(registry)).tasks, self.store, registry)[0]

        def run(self, task):
            acme.forget()
            return run_task(task, lambda event: None, lambda: False)

    return Study()


def test_a_record_knows_the_code_that_it_was_made_by(study):
    task = study.left().task
    assert study.run(task).status == "ok"  # its data were not known to the plan
    record = study.run(study.left().task)
    assert set(record.cell.code) == {"model", "training"}
    assert set(record.code["gap"]) == {"metric gap", "extractor look", "sampling"}
    assert study.left().state == "finished"


def test_an_edited_model_makes_another_record(study, acme):
    study.run(study.left().task)
    first = study.run(study.left().task)
    acme.change("acme_level.py", "1.0", "-1.0")
    left = study.left()
    assert (left.state, left.reasons) == ("new", ("code of filled changed",))
    second = study.run(left.task)
    assert second.cell.id != first.cell.id
    assert second.scores["gap"] != first.scores["gap"]
    assert study.store.load(first.cell.id).scores == first.scores


def test_an_edited_metric_makes_other_scores_of_the_same_cell(study, acme):
    study.run(study.left().task)
    first = study.run(study.left().task)
    acme.change("acme_gap.py", "OFFSET = 0.0", "OFFSET = 7.0")
    left = study.left()
    assert (left.state, left.reasons) == ("score", ("code of metric gap changed",))
    second = study.run(left.task)
    assert second.cell.id == first.cell.id
    assert second.scores["gap"] == pytest.approx(first.scores["gap"] + 7)
    assert study.left().state == "finished"


def test_an_edited_extractor_is_extracted_and_scored_anew(study, acme):
    study.run(study.left().task)
    first = study.run(study.left().task)
    acme.change("acme_look.py", "SCALE = 1.0", "SCALE = 3.0")
    assert study.left().reasons == ("code of extractor look changed",)
    assert study.run(study.left().task).scores["gap"] == pytest.approx(3 * first.scores["gap"])


def test_a_retrained_file_behind_an_option_makes_another_record(study, tmp_path):
    weights = tmp_path / "level.txt"
    settings = {"filled": {"weights": str(weights)}}
    records = []
    for content in ("0.5", "-0.5"):
        weights.write_text(content)
        study.run(study.left(set=settings).task)
        left = study.left(set=settings)
        records.append(study.run(left.task))
    assert records[0].cell.id != records[1].cell.id
    assert records[0].scores != records[1].scores


def test_code_that_changes_between_the_plan_and_the_run_fails_the_cell(study, acme):
    task = study.left().task
    acme.change("acme_level.py", "1.0", "-1.0")
    record = study.run(task)
    assert (record.status, record.reason) == (
        "failed",
        "code of filled changed since this run was planned: run again",
    )


def test_scoring_a_cell_with_other_code_than_it_was_trained_by_is_noted(study, acme):
    study.run(study.left().task)
    task = study.left(metrics=("gap", "size")).task
    assert study.run(task).notes == []
    acme.change("acme_level.py", "1.0", "-1.0")
    assert study.run(task).notes == ["scored with other code than it was trained by: code of filled changed"]
