"""Looks as ordinary runs of more seeds: a stub trains, kills and failures come and go, the decisions stay."""

from dataclasses import replace

import numpy as np
import pytest

from board_records import record
from genharness.errors import ConfigError, RunError
from genharness.plugin.registry import load_registry
from genharness.results.decisions import kept_decisions
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task
from genharness.spec.columns import Column
from genharness.study.deciding import rounds, seed_questions
from genharness.study.pending import Pending
from genharness.study.suite import Suite

FID = Column(key="fid", title="FD", higher_is_better=False, ratio=True)
MODELS = ("vae", "dcgan", "wgan-gp", "ae")
MEANS = dict(zip(MODELS, (10.0, 10.4, 14.0, 30.0), strict=True))


def score(model, seed):
    """What a training of the stub comes to: the same whenever it is done."""
    random = np.random.default_rng([MODELS.index(model), seed])
    return MEANS[model] * float(np.exp(0.05 * random.standard_normal()))


class Study:
    """A study of stub models in a results folder."""

    def __init__(self, folder, ends=None, models=MODELS, **suite):
        self.registry, self.ends = REGISTRY, ends or {}
        self.store = Store(folder)
        self.store.open_for_writing()
        self.suite = Suite(until_decided="auto", **{"seeds": tuple(range(5)), **suite})
        self.tasks = [self.task(model, seed) for seed in self.suite.seeds for model in (*models, "noise")]
        self.trained, self.said = [], []

    def task(self, model, seed):
        cell = record(model, 1.0, seed=seed).cell
        return Task(cell=cell, metrics={"fid": {}}, settings=Settings(results=self.store.folder))

    def train(self, task):
        model, seed = task.cell.model, task.cell.seed
        end = self.ends.get((model, seed), "ok")
        status = "ok" if end == "undefined" else end
        self.trained.append((model, seed))
        fid = (
            None
            if status != "ok"
            else float("nan")
            if end == "undefined"
            else 100.0
            if model == "noise"
            else score(model, seed)
        )
        self.store.save(record(model, fid, seed=seed, status=status, reason="" if status == "ok" else "it broke"))

    def questions(self, fresh=False):
        return seed_questions(self.suite, self.tasks, FID, self.store, self.registry, fresh=fresh)

    def rounds(self, fresh=False):
        others = [task for task in self.tasks if task.cell.model == "noise" and task.cell.seed < 3]
        return rounds(self.questions(fresh), others, self.left, self.store, self.said.append)

    def left(self, tasks):
        """What is left of tasks, as `study.pending` says it of cells whose code is known to be the same."""
        records = [self.store.load(task.cell.id) for task in tasks]
        states = ["new" if one is None else "finished" if one.finished else "retry" for one in records]
        return [Pending(task, state) for task, state in zip(tasks, states, strict=True)]

    def run(self, **options):
        for batch in self.rounds(**options):
            for task in batch:
                self.train(task)
        return self

    def run_with_kills(self):
        """Begin again after every single cell."""
        while (batch := next(self.rounds(), None)) is not None:
            self.train(batch[0])
        return self

    @property
    def kept(self):
        return [replace(one, began_at="") for one in kept_decisions(self.store.folder)]


REGISTRY = load_registry()


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.mark.parametrize(
    "goal", ["best", *(pytest.param(goal, marks=pytest.mark.slow) for goal in ("top:2", "ranking"))]
)
def test_a_study_that_is_killed_after_every_cell_decides_the_same_and_trains_nothing_twice(tmp_path, goal):
    whole, killed = Study(tmp_path / "a", goal=goal).run(), Study(tmp_path / "b", goal=goal).run_with_kills()
    assert sorted(killed.trained) == sorted(whole.trained)
    assert len(set(killed.trained)) == len(killed.trained)
    (one,), (other,) = whole.kept, killed.kept
    assert (other.decisions, other.lost) == (one.decisions, one.lost)
    assert one.decisions.over


def test_rows_that_lost_are_trained_no_more_and_reference_rows_at_the_first_look_alone(tmp_path):
    study = Study(tmp_path).run()
    seeds = {model: [seed for one, seed in study.trained if one == model] for model in (*MODELS, "noise")}
    assert seeds["noise"] == seeds["ae"] == [0, 1, 2]
    assert len(seeds["vae"]) == len(seeds["dcgan"]) > 3


def test_every_look_is_told_and_the_answer_with_what_it_cost(tmp_path):
    study = Study(tmp_path).run()
    assert study.said[0].startswith("until decided: the best by FD among 4 rows on digits, looks at 3, 5 seeds, at")
    assert study.said[1].startswith("look 1 of 2 (3 seeds): ")
    assert study.said[-1] == f"{len([one for one in study.trained if one[0] != 'noise'])} of 20 cells were needed"


def test_a_finished_study_is_told_again_and_trains_nothing(tmp_path):
    first, again = Study(tmp_path).run(), Study(tmp_path).run()
    assert again.trained == []
    assert again.said[-2:] == first.said[-2:]


def test_a_seed_that_diverged_is_spent_and_not_replaced(tmp_path):
    study = Study(tmp_path, {("dcgan", 1): "diverged", ("dcgan", 0): "timeout"}).run()
    assert study.trained.count(("dcgan", 1)) == 1
    assert study.kept[0].lost["dcgan"][0] == 2
    assert any(line.startswith("dcgan: scores are of the seeds that trained; 2 of ") for line in study.said)
    again = Study(tmp_path, {}).run()
    assert again.trained == []


def test_a_row_whose_seeds_all_diverge_is_closed(tmp_path):
    study = Study(tmp_path, {("vae", seed): "diverged" for seed in range(3)}).run()
    assert study.kept[0].decisions.closed == {"vae": "diverges: 3 of 3 seeds did"}
    assert study.kept[0].decisions.losses["vae"] == set()
    assert ("vae", 3) not in study.trained
    assert "vae diverges: 3 of 3 seeds did" in study.said


def test_a_seed_whose_score_is_undefined_is_one_without_a_score(tmp_path):
    ends = {("dcgan", 1): "undefined", **{("vae", seed): "undefined" for seed in range(3)}}
    study = Study(tmp_path, ends).run()
    assert study.kept[0].lost["dcgan"][0] == 1
    assert study.kept[0].decisions.closed == {"vae": "has no score: 3 of 3 seeds diverged or it is undefined"}


def test_a_row_that_never_runs_is_closed(tmp_path):
    study = Study(tmp_path, {("vae", seed): "out_of_memory" for seed in range(3)}).run()
    assert study.kept[0].decisions.closed == {"vae": "cannot be run: it broke"}


def test_a_look_waits_for_a_cell_that_was_killed_and_is_taken_when_it_was_run_again(tmp_path):
    study = Study(tmp_path, {("vae", 1): "failed"}).run()
    assert study.said[-1] == "look 1 waits for 1 cells of vae: run this command again"
    assert study.kept == []
    again = Study(tmp_path).run()
    assert ("vae", 1) in again.trained
    assert again.kept[0].decisions.over


def test_a_higher_limit_is_a_new_family_and_says_so(tmp_path):
    Study(tmp_path).run()
    more = Study(tmp_path, seeds=tuple(range(8))).run()
    assert any("had seeds before this plan was made; looks before it are not counted" in line for line in more.said)
    assert any(line.startswith("new family: ") for line in more.said)
    assert len(more.kept) == 2


def test_fresh_begins_anew(tmp_path):
    Study(tmp_path).run()
    assert Study(tmp_path).questions(fresh=True)[0].decisions.reached == 0


def test_decisions_that_are_damaged_are_not_begun_anew_in_silence(tmp_path):
    Study(tmp_path).run()
    (path,) = (tmp_path / "decisions").glob("*.json")
    path.write_text("{}")
    with pytest.raises(RunError, match="cannot be read"):
        Study(tmp_path).run()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": ("vae",)}, "digits has 1 trained row, and nothing is to be decided of it: name more models"),
        ({"goal": "top:4"}, "digits has 4 trained rows, and --goal top:4 needs more"),
        ({"models": ()}, "no model is trained"),
    ],
)
def test_too_few_rows_are_refused(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        Study(tmp_path, **options).questions()


def test_rows_of_one_name_are_not_taken_for_one(tmp_path):
    study = Study(tmp_path, models=("vae", "dcgan"))
    others = [replace(task, cell=replace(task.cell, options={"lr": 0.1})) for task in study.tasks]
    study.tasks += [task for task in others if task.cell.model == "vae"]
    (question,) = study.questions()
    assert len(question.rows) == 3
    assert {len(tasks) for tasks in question.rows.values()} == {5}


def test_what_may_still_come_is_of_open_rows_alone_and_nothing_once_it_is_decided(tmp_path):
    study = Study(tmp_path)
    (question,) = study.questions()
    assert question.cells_ahead == question.cells
    assert len(question.plan_lines) == 1
    looks = study.rounds()
    for task in next(looks):
        study.train(task)
    next(looks)
    (question,) = study.questions()
    rest = {cell.rpartition("-s")[0].removesuffix("-digits") for cell in question.cells_ahead}
    assert rest == {row for row, place in zip(MODELS, range(4), strict=True) if place < 2}
    assert question.plan_lines[1:] == ["going on after look 1 of 2"]
    (question,) = study.run().questions()
    assert question.cells_ahead == set()
    assert question.plan_lines[-1].endswith(" of 20 cells were needed")


def test_a_study_that_is_killed_before_its_first_look_does_not_take_its_own_seeds_for_earlier_ones(tmp_path):
    killed = Study(tmp_path).run_with_kills()
    assert not any("had seeds before" in line for line in killed.said)
    assert killed.kept[0].had_seeds == ()


def test_a_plan_of_which_no_look_was_taken_is_kept_and_is_on_no_board(tmp_path):
    study = Study(tmp_path)
    next(study.rounds())
    assert len(list((tmp_path / "decisions").iterdir())) == 1
    assert study.kept == []
