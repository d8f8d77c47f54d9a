"""The tries of a search: noted before they are trained, never trained twice, the same after kills and stops."""

import dataclasses

import pytest

from board_records import record
from genharness.errors import ConfigError
from genharness.plugin.execution import Event
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.axes import Axis
from genharness.spec.cell import Settings, Task
from genharness.spec.columns import Column
from genharness.spec.options import options_of
from genharness.study.search import SearchOptions, Tries, axes_of, fresh_seeds, most_confirmed

AXES = [Axis(name="lr", low=1e-4, high=1e-1, log=True), Axis(name="latent", low=4, high=64, whole=True)]
FID = Column(key="fid", title="FD", higher_is_better=False, ratio=True)
REGISTRY = load_registry()


class Killed(BaseException):
    """What a SIGKILL is to the files: nothing after it is written."""


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


class Search:
    """A search whose trainings are a formula."""

    def __init__(self, folder, kill_at=None, statuses=None, column=FID, **options):
        self.store, self.trained, self.kill_at = Store(folder), [], kill_at
        self.store.open_for_writing()
        self.statuses, self.column = statuses or {}, column
        self.options = SearchOptions(**{"tries": 8, **options})

    @property
    def tries(self):
        return Tries({"model": "vae"}, AXES, self.options, self.column, self.task, self.store)

    def task(self, setting):
        if setting["latent"] == 13:
            raise ConfigError("no cell can have that")
        cell = record("vae", 1.0, options=dict(setting)).cell
        return Task(cell=cell, metrics={"fid": {}}, settings=Settings(results=self.store.folder))

    def batch(self, tasks, hear, stop):
        for task in tasks:
            if len(self.trained) == self.kill_at:
                self.kill_at = None
                raise Killed
            score = abs(task.cell.options["lr"] - 0.01) * 1000 + task.cell.options["latent"]
            for step in (10, 20):
                if not stop.is_set():
                    hear(
                        Event(
                            cell_id=task.cell.id,
                            phase="score-over-training",
                            step=step,
                            values={"fid": score + 30 - step},
                        )
                    )
            self.trained.append(task.cell.id)
            status = "interrupted" if stop.is_set() else self.statuses.get(len(self.trained) - 1, "ok")
            made = record("vae", score if status == "ok" else None, status=status, options=task.cell.options)
            made.measurements["cell_seconds"] = 2.0
            self.store.save(made)
        return False

    def run(self, slots=2):
        tries = self.tries
        assert not tries.run(self.batch, slots)
        return tries


@pytest.mark.parametrize("method", ["random", "tpe"])
@pytest.mark.parametrize("prune", [False, True])
def test_a_search_that_was_killed_after_any_try_ends_as_the_undisturbed_one(tmp_path, method, prune):
    whole = Search(tmp_path / "whole", method=method, prune=prune)
    expected = whole.run().kept
    killed = Search(tmp_path / "killed", method=method, prune=prune)
    for kill_at in (1, 3, 4, 6):
        killed.kill_at = kill_at
        with pytest.raises(Killed):
            killed.run()
    assert killed.run().kept == expected
    if not prune:  # else cells beside the one that is stopped go on from their checkpoints
        assert len(set(killed.trained)) == len(killed.trained)
        assert sorted(killed.trained) == sorted(whole.trained)


def test_more_tries_go_on_with_those_that_were_made(tmp_path):
    first = Search(tmp_path, tries=4).run()
    more = Search(tmp_path, tries=8)
    assert more.run().kept.tries[:4] == first.kept.tries
    assert len(more.trained) == 4


def test_the_best_are_those_with_the_best_score(tmp_path):
    tries = Search(tmp_path).run()
    scores = [one.score for one in tries.done]
    assert scores == sorted(scores)
    assert [one.score for one in tries.confirmed()] == scores[:2]
    assert tries.kept.best == tuple(one.number for one in tries.done[:2])
    assert Search(tmp_path).tries.confirmed() == tries.confirmed()


def test_more_tries_or_more_of_the_best_are_asked_for_later_and_had(tmp_path):
    """The best stayed those of the first run, whatever was tried after it."""
    assert len(Search(tmp_path, tries=2, method="random").run().confirmed()) == 1
    later = Search(tmp_path, tries=12, method="random").run()
    assert later.confirmed() == later.done[:3]
    assert later.done[0].number > 1  # else the first two were the best
    assert len(Search(tmp_path, tries=12, method="random", confirm=5).tries.confirmed()) == 5


def test_where_higher_is_better_the_largest_score_is_the_best(tmp_path):
    tries = Search(tmp_path, column=dataclasses.replace(FID, higher_is_better=True)).run()
    scores = [one.score for one in tries.done]
    assert scores == sorted(scores, reverse=True)


def test_a_try_that_failed_has_no_score_and_is_not_tried_again(tmp_path):
    search = Search(tmp_path, statuses={1: "diverged", 2: "failed"})
    tries = search.run()
    assert sorted(one.state for one in tries.kept.tries if one.state != "done") == ["failed", "failed"]
    assert len(search.trained) == 8
    Search(tmp_path).run()


def test_a_try_that_was_interrupted_goes_on(tmp_path):
    search = Search(tmp_path, statuses={1: "interrupted"})
    tries = search.run()
    assert {one.state for one in tries.kept.tries} == {"done"}
    assert len(search.trained) == 9


def test_pruned_tries_cost_what_they_cost_and_are_not_the_best(tmp_path):
    tries = Search(tmp_path, tries=12, prune=True).run(slots=1)
    pruned = [one for one in tries.kept.tries if one.state == "pruned"]
    assert pruned
    assert all(one.over_training for one in pruned)
    assert not {one.number for one in pruned} & {one.number for one in tries.done}
    assert tries.seconds == 24.0


def test_a_setting_that_no_cell_can_have_is_a_try_that_failed(tmp_path):
    search = Search(tmp_path, method="random", tries=60)
    failed = [one for one in search.run().kept.tries if one.options["latent"] == 13]
    assert {one.state for one in failed} <= {"failed"}


def test_a_stop_of_the_users_ends_the_search_and_loses_nothing(tmp_path):
    search = Search(tmp_path)
    assert search.tries.run(lambda tasks, hear, stop: True, 2)
    assert {one.state for one in search.tries.kept.tries} == {"asked"}
    assert len(search.run().done) == 8


def test_no_seed_of_the_search_is_among_those_that_are_reported():
    assert fresh_seeds(5, 0) == (1000, 1001, 1002, 1003, 1004)
    assert fresh_seeds(3, 1001) == (1000, 1002, 1003)
    assert not set(fresh_seeds(999, 0)) & set(fresh_seeds(999, 0, second=True))


@pytest.mark.parametrize(
    ("tries", "asked", "count"), [(1, None, 1), (3, None, 1), (8, None, 2), (50, None, 5), (3, 9, 3)]
)
def test_the_best_five_are_trained_again_or_a_quarter_of_few(tries, asked, count):
    assert most_confirmed(tries, asked) == count


def test_a_search_looks_where_the_model_says_or_the_user():
    vae = REGISTRY.models["vae"]
    assert {axis.name for axis in axes_of(vae, [])[0]} >= {"lr", "latent"}
    assert "lr" not in {axis.name for axis in axes_of(vae, [], ["lr"])[0]}
    assert axes_of(vae, ["batch_size=32,64"])[0] == [Axis(name="batch_size", choices=(32, 64))]


def test_a_search_without_a_space_is_refused():
    for over in ([], ["lr=1,2"]):
        (line,) = axes_of(REGISTRY.models["real"], over)[1]
        assert line == "real is not trained, so there is nothing to search over: name a model that is"
    vae = REGISTRY.models["vae"]
    (line,) = axes_of(vae, [], [axis.name for axis in axes_of(vae, [])[0]])[1]
    assert (
        line
        == "vae says of none of its other options where to look: name one with --over, such as --over width=LOW..HIGH"
    )
    numbers = [one.name for one in options_of(vae.config) if one.type in (int, float) and not one.choices]
    (line,) = axes_of(vae, [], numbers)[1]
    assert line.endswith("such as --over optimizer=A,B")
    assert axes_of(vae, ["lr=0.1,0.2"], ["lr"])[1] == ["vae.lr is set and searched over: leave one of them out"]
    bare = dataclasses.replace(REGISTRY.models["vae"], name="bare", config=REGISTRY.models["vq-vae"].config)
    found, wrong = axes_of(bare, [])
    assert found or "name one with --over" in wrong[0]
