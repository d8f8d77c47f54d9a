"""What a search may come to: held against what it then trains."""

import pytest

from genharness.api.search_plans import plan_search
from search_bench import Bench


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


def planned(bench, estimate=lambda cell: 2.0):
    return plan_search(bench.search, estimate)


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("stop_at", [None, 3, 7, 11, 13])
def test_what_is_planned_is_what_is_trained_wherever_it_was_stopped(tmp_path, stop_at, twice):
    if stop_at:
        stopped = Bench(tmp_path, stop_at=stop_at, confirm=2, confirm_twice=twice).answer() is None
        assert stopped == (stop_at < (6 + 3 * 3 if twice else 6 + 2 * 3))
    bench = Bench(tmp_path, confirm=2, confirm_twice=twice)
    plan = planned(bench)
    assert bench.answer() is not None
    assert plan.cells == len(bench.cells)
    assert plan.seconds == 2.0 * len(bench.cells)
    assert (planned(Bench(tmp_path, confirm=2, confirm_twice=twice)).cells) == 0


def test_a_space_of_few_settings_has_no_more_tries_and_those_that_were_made_are_told(tmp_path):
    assert planned(Bench(tmp_path, over=["latent=4,8", "hidden=64..66"], tries=50)).tries == 6
    Bench(tmp_path, over=["latent=4,8,16"], tries=2, fresh_seeds=2).answer()
    more = planned(Bench(tmp_path, over=["latent=4,8,16"], tries=50, fresh_seeds=2))
    assert (more.made, more.tries) == (2, 1)
    assert more.line == "at most 3 cells to train: 1 try (2 made before), then 1 try again with 2 fresh seeds"


def test_where_looks_decide_it_is_the_most_and_nothing_once_it_is_decided(tmp_path):
    options = {"over": ["lr=1e-3,1e-2"], "tries": 2, "confirm": 2, "fresh_seeds": 5, "confirm_until_decided": True}
    plan = planned(Bench(tmp_path, **options))
    assert (plan.cells, plan.at_most) == (2 + 2 * 5, True)
    assert Bench(tmp_path, **options).answer() is not None
    assert planned(Bench(tmp_path, **options)).cells == 0


def test_tries_cost_what_the_settings_that_come_next_cost_and_what_nothing_tells_is_no_number(tmp_path):
    bench = Bench(tmp_path, over=["latent=4,8"], tries=2, confirm=1, fresh_seeds=2)
    plan = planned(bench, lambda cell: cell.options["latent"] * (10.0 if cell.seed else 1.0))
    assert plan.tries_seconds == 4 + 8
    assert plan.fresh_seconds in (2 * 40.0, 2 * 80.0, 2 * 60.0)
    assert planned(bench, lambda cell: None).as_plain()["seconds"] is None


def test_json_has_where_it_looks_and_what_is_left(tmp_path):
    plain = planned(Bench(tmp_path, over=["lr=1e-4..1e-2:log", "latent=4,8"])).as_plain(jobs=2)
    assert plain["axes"] == [
        {"name": "lr", "low": 1e-4, "high": 1e-2, "log": True},
        {"name": "latent", "values": [4, 8]},
    ]
    assert plain["tries"] == {"made": 0, "left": 6, "seconds": 12.0}
    assert plain["fresh"] == {"best": 1, "left": 3, "seconds": 6.0}
    assert (plain["cells_left"], plain["seconds"], plain["at_most"]) == (9, 9.0, True)
