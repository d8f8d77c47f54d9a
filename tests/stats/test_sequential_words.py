"""A plan of looks and what came of it, in words."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from genharness.stats.sequential import Decisions, SeedPlan
from genharness.stats.sequential_words import answer_lines, look_line, plan_line, rate_interval
from seed_studies import look, plan_of, scores, studied


def test_a_plan_says_what_it_decides_and_may_cost():
    assert plan_line(plan_of(6, limit=10), "FD", "digits") == (
        "until decided: the best by FD among 6 rows on digits, looks at 3, 5, 8, 10 seeds, at most 60 cells "
        "(18 at least); a wrong best in at most 5 % of studies"
    )


def test_a_look_says_who_is_out_and_who_goes_on():
    one = look(Decisions(plan=plan_of(3, limit=10)), scores(np.random.default_rng(1), [0, 0.001, 3]))
    assert look_line(one) == "look 1 of 4 (3 seeds): 1 of 3 rows are out; m0, m1 go on (2 x 2 more cells)"


def test_the_end_names_the_best_with_its_lead_and_an_interval_that_holds_it():
    table = np.array([[9.0, 10, 11], [99, 100, 101]])
    one = studied(np.tile(table, 7)[:, :20]).decisions
    (line,) = answer_lines(one, "FD")
    (found,) = one.findings
    assert line == (
        f"m0 is best by FD: {1 - np.exp(-found.difference):.1%} below m1 (interval {1 - np.exp(-found.low):.1%} to "
        f"{1 - np.exp(-found.high):.1%}; 3 and 3 seeds; measured on few seeds, which flatters a difference); "
        "error 5 % over all looks"
    )


def test_where_higher_is_better_the_best_lies_above():
    table = np.tile([[0.9, 0.91, 0.89], [0.1, 0.11, 0.09]], 7)[:, :20]
    (line,) = answer_lines(studied(table, ratio=False, higher_is_better=True).decisions, "recall")
    assert line.startswith("m0 is best by recall: 0.8 above m1 (interval 0.653 to 0.947; 3 and 3")


def test_what_stays_open_is_told_with_the_seeds_that_would_decide():
    one = studied(scores(np.random.default_rng(0), [0, 0.03]), limit=3).decisions
    lines = answer_lines(one, "FD")
    assert lines[0] == "2 of 2 rows may be the best by FD: m0, m1"
    assert "open after 3 seeds" in lines[1]
    assert "seeds would decide a difference of that size" in lines[1]


@pytest.mark.parametrize(("goal", "head"), [("top:1", "among the best 1"), ("ranking", "ranks by FD, error 5 % over")])
def test_other_goals_have_their_own_answers(goal, head):
    one = studied(scores(np.random.default_rng(0), [0, 1, 2]), goal=goal).decisions
    assert answer_lines(one, "FD")[0].startswith(head)


def test_a_ranking_is_told_as_intervals_of_ranks():
    one = studied(scores(np.random.default_rng(0), [0, 1, 1.0001]), goal="ranking", limit=5).decisions
    assert "m0 1, m1 2-3, m2 2-3" in answer_lines(one, "FD")[0]


@pytest.mark.parametrize(
    ("goal", "answer"),
    [
        ("best", "m0 is best by FD"),
        ("top:1", "among the best 1 by FD: m0;"),
        ("top:2", "among the best 2 by FD: m0, m1;"),
        ("top:3", "among the best 3 by FD: m0, m1, m2;"),
        ("ranking", "ranks by FD, error 5 % over all looks: m0 1, m1 2, m2 3"),
    ],
)
def test_a_row_that_is_closed_is_in_no_answer(goal, answer):
    table = np.concatenate([scores(np.random.default_rng(0), [0, 3, 6]), np.full((1, 20), np.nan)])
    one = studied(table, goal=goal).decisions
    assert one.closed == {"m3": "diverges"}
    assert look_line(one).endswith("nothing is left open")
    first, *rest = answer_lines(one, "FD")
    assert first.startswith(answer)
    assert rest == ["m3 diverges"]


def test_a_best_row_that_lost_seeds_is_the_best_among_those_that_trained():
    one = studied(scores(np.random.default_rng(0), [0, 3])).decisions
    said = "m0 is best by FD among the seeds that trained: "
    assert answer_lines(one, "FD", {"m0": (1, 3), "m1": (0, 3)})[0].startswith(said)
    assert not answer_lines(one, "FD", {"m0": (0, 3), "m1": (1, 3)})[0].startswith(said)


def test_given_up_and_equal_pairs_say_why():
    random = np.random.default_rng(0)
    hopeless = [line for _ in range(10) for line in answer_lines(studied(scores(random, [0, 0])).decisions, "FD")]
    assert any("given up at" in line for line in hopeless)
    equal = answer_lines(studied(scores(random, [0, 0]), margin=0.5).decisions, "FD")
    assert any("differ by less than 50.0% in FD" in line for line in equal)


def test_seeds_that_diverged_are_told_with_their_rate():
    one = Decisions(plan=SeedPlan(rows=("a", "b")))
    assert answer_lines(one, "FD", {"a": (2, 8), "b": (0, 8)})[-1] == (
        "a: scores are of the seeds that trained; 2 of 8 diverged or have no score (95 %: 3% to 65%)"
    )


@pytest.mark.parametrize(("events", "trials"), [(0, 5), (5, 5), (2, 8), (1, 20)])
def test_the_interval_of_a_rate_is_the_exact_one(events, trials):
    oracle = binomtest(events, trials).proportion_ci(0.95, "exact")
    assert np.allclose(rate_interval(events, trials), (oracle.low, oracle.high))
