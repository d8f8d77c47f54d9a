"""A search from its question to its answer, with trainings that are a formula: nothing is trained here."""

import re

import pytest

from genharness.api.boards import leaderboard
from genharness.errors import ConfigError
from search_bench import Bench


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A search that is over, and its answer."""
    bench = Bench(tmp_path_factory.mktemp("search") / "results", confirm=2)
    return bench, bench.answer()


def test_tries_have_one_seed_and_the_validation_split_and_the_best_fresh_seeds_and_the_test_split(finished):
    tries, fresh = finished[0].cells[:6], finished[0].cells[6:]
    assert {(one.seed, one.dataset, one.protocol.reference_split) for one in tries} == {
        (0, "digits#validation=251", "validation")
    }
    assert {(one.seed, one.dataset, one.protocol.reference_split) for one in fresh} == {
        (seed, "digits", "test") for seed in (1000, 1001, 1002)
    }
    assert len(fresh) == 6


def test_what_is_reported_is_what_the_fresh_seeds_say_and_not_the_search(finished):
    bench, answer = finished
    own = [one.id for one in bench.cells[6:] if one.options["lr"] == answer.options["lr"]]
    assert sorted(answer.fresh) == sorted(bench.asked.store.load(cell).scores["fid"] for cell in own)
    assert answer.score not in answer.fresh
    assert (answer.tries, answer.seconds) == (6, 9.0)
    assert re.match(r"best of 6 tries by FD on the validation split, 9 s of tuning: vae lr=", answer.lines[0])
    assert "its search score was" in answer.lines[1]


def test_what_tuning_cost_and_promised_stands_in_the_records_of_the_tuned_rows(finished):
    bench, answer = finished
    facts = [bench.asked.store.load(one.id).facts for one in bench.cells[6:]]
    assert all(one["tuning_tries"] == 6 and one["tuning_seconds"] == 9.0 for one in facts)
    assert answer.score in {one["tuning_score"] for one in facts}
    notes = "\n".join(leaderboard(bench.asked.settings.results).board.groups[0].notes)
    assert notes.count("is of the best of 6 tries, 9 s of tuning; its search score was ") == 2
    assert not any(bench.asked.store.load(one.id).facts for one in bench.cells[:6])


def test_fewer_tries_are_told_of_as_far_as_half_of_them(finished):
    assert re.fullmatch(
        r"expected best FD after n tries \(validation, one seed each\): 1: [\d.]+, 2: [\d.]+, 3: [\d.]+",
        finished[1].lines[2],
    )


@pytest.mark.slow
def test_the_same_search_again_trains_nothing(finished):
    bench, answer = finished
    again = Bench(bench.asked.settings.results, confirm=2)
    assert again.answer() == answer
    assert again.cells == []


@pytest.mark.slow
def test_a_search_that_was_stopped_anywhere_comes_to_the_same_answer(finished, tmp_path):
    for stop_at in (2, 3, 1):
        assert Bench(tmp_path, stop_at=stop_at, confirm=2).answer() is None
    assert Bench(tmp_path, confirm=2).answer().lines == finished[1].lines


@pytest.mark.slow
def test_confirmed_twice_the_report_has_seeds_that_chose_nothing(tmp_path):
    bench = Bench(tmp_path, confirm=2, confirm_twice=True, method="tpe")
    answer = bench.answer()
    assert [one.seed for one in bench.cells[12:]] == [2000, 2001, 2002]
    assert sorted(answer.fresh) == sorted(bench.asked.store.load(one.id).scores["fid"] for one in bench.cells[12:])
    assert len(answer.lines) == 2


def test_the_best_get_more_fresh_seeds_only_where_it_is_open_which_is_best(tmp_path):
    options = {"over": ["lr=1e-3,1e-2"], "tries": 2, "confirm": 2, "fresh_seeds": 5, "confirm_until_decided": True}
    bench = Bench(tmp_path, **options)
    answer = bench.answer()
    assert sorted((one.seed, one.options["lr"]) for one in bench.cells[2:]) == [
        (seed, lr) for seed in (1000, 1001, 1002) for lr in (1e-3, 1e-2)
    ]
    assert answer.options == {"lr": 1e-3}
    assert len(answer.fresh) == 3
    assert "6 of 10 cells were needed" in bench.said
    again = Bench(tmp_path, **options)
    assert again.answer() == answer
    assert again.cells == []


def test_a_setting_whose_fresh_seeds_are_lost_stands_behind_one_that_keeps_them(tmp_path):
    """By the mean of the seeds that are left the first would be the best."""
    lost = lambda cell: "diverged" if cell.options["lr"] == 1e-3 and cell.seed > 1000 else "ok"  # noqa: E731
    answer = Bench(tmp_path, over=["lr=1e-3,1e-2"], tries=2, confirm=2, status=lost).answer()
    assert answer.options == {"lr": 1e-2}
    assert (len(answer.fresh), answer.lost) == (3, 0)


def test_fresh_seeds_that_have_no_score_are_told(tmp_path):
    lost = lambda cell: "diverged" if cell.seed > 1000 else "ok"  # noqa: E731
    answer = Bench(tmp_path, over=["lr=1e-3,1e-2"], tries=2, confirm=2, status=lost).answer()
    assert "FD of 1 fresh seed against the test split: " in answer.lines[1]
    assert "; 2 of 3 fresh seeds have no score; its search score was " in answer.lines[1]
    assert (answer.options, answer.lost) == ({"lr": 1e-3}, 2)


@pytest.mark.parametrize("fresh", [5.0, 7.0])
def test_a_search_that_promised_too_little_is_not_said_to_flatter_itself(tmp_path, fresh):
    bench = Bench(tmp_path, over=["lr=1e-3,1e-2"], tries=2, confirm=1)
    bench.fid = lambda cell: fresh if cell.seed >= 1000 else 6.0
    assert ("flatters itself" in bench.answer().lines[1]) == (fresh > 6)


def test_a_search_of_which_no_try_ends_well_says_so(tmp_path):
    with pytest.raises(ConfigError, match="no try ended with a score"):
        Bench(tmp_path, status="diverged").answer()


def test_an_exhausted_space_is_told(tmp_path):
    bench = Bench(tmp_path, over=["latent=4,8"], tries=9, method="tpe")
    assert bench.answer().tries == 2
    assert "the space holds no more settings than the 2 that were tried" in bench.said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"over": ["lr=5..6"]}, "out of range"),
        ({"by": "precision"}, "--by: no metric 'precision' in this run"),
        ({"confirm_until_decided": True, "fresh_seeds": 2}, "--confirm-until-decided looks first at 3 seeds"),
        ({"given": {"reference_split": "tset"}}, "digits has no split 'tset' to compare with; did you mean 'test'"),
        ({"prune": True}, "--prune looks at scores over training"),
        ({"given": {"reference_split": "validation", "datasets": "digits#validation=100"}}, "report on another"),
        ({"given": {"datasets": "digits#validation=100"}, "validation": 50}, "has a validation split of its own"),
        ({"given": {"precision": "fp32,bf16"}}, "a search is in one precision, and fp32, bf16 were named"),
        ({"over": ["batch_size=32,64"], "given": {"batch_size": 16}}, "vae.batch_size is set and searched over"),
        ({"given": {"models": "vae,ae"}}, "a search is of one model and setting, and 2 were named"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_one_line(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message) as found:
        Bench(tmp_path, **options)
    assert len(found.value.lines) == 1


def test_an_axis_of_many_values_is_told_by_the_first_of_them(tmp_path):
    values = [f"{one / 10_000:.4f}" for one in range(1, 3001)]
    (line, _) = Bench(tmp_path, over=[f"lr={','.join(values)}"]).search.plan_lines
    assert "over lr in 0.0001, 0.0002, 0.0003," in line
    assert line.endswith("0.002, ... (3,000 values)")
