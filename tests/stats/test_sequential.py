"""Looks at growing numbers of seeds: what they cost, what they decide, and how often they are wrong."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy import stats

from genharness.stats import sequential
from genharness.stats.sequential import Decisions, SeedPlan, looks_up_to
from seed_studies import look, plan_of, scores, skew, studied, unbeaten_of_fixed

LOOKS = {
    3: (3,),
    4: (3, 4),
    5: (3, 5),
    8: (3, 5, 8),
    10: (3, 5, 8, 10),
    20: (3, 5, 8, 13, 20),
    30: (3, 5, 8, 13, 21, 30),
}


@pytest.mark.parametrize(("limit", "looks"), LOOKS.items())
def test_looks_grow_and_the_last_is_the_limit(limit, looks):
    assert looks_up_to(limit) == looks


def test_fewer_than_three_seeds_are_no_look():
    with pytest.raises(ValueError, match="at least 3"):
        looks_up_to(2)


def test_all_looks_together_spend_five_percent_in_the_proportion_of_their_seeds():
    plan = plan_of(2)
    assert math.isclose(sum(plan.levels), 0.05)
    assert [round(level, 4) for level in plan.levels] == [0.0031, 0.0051, 0.0082, 0.0133, 0.0204]


@pytest.mark.parametrize(("goal", "size"), [("best", 9), ("top:3", 21), ("ranking", 45)])
def test_a_goal_needs_its_own_family(goal, size):
    assert plan_of(10, goal=goal).comparisons == size


def test_a_pair_is_tested_with_the_freedom_of_the_smaller_side_and_the_variance_that_rounding_hides():
    a, b = [10.0, 11.0, 12.0, 9.0], [14.0, 15.0, 13.0]
    plan = SeedPlan(rows=("a", "b"), limit=5)
    (one,) = Decisions(plan=plan).after({"a": a, "b": b}, resolution=1.0).findings
    error = math.sqrt((np.var(a, ddof=1) + 1 / 12) / 4 + (np.var(b, ddof=1) + 1 / 12) / 3)
    t = (np.mean(b) - np.mean(a)) / error
    assert (one.better, one.worse, one.counts) == ("a", "b", (4, 3))
    assert math.isclose(one.p, 2 * stats.t.sf(t, 2), rel_tol=1e-9)
    width = stats.t.ppf(1 - plan.levels[0] / 2, 2) * error
    assert np.allclose([one.low, one.high], [3.5 - width, 3.5 + width])


def test_a_ranking_is_corrected_by_holm_within_a_look():
    table = np.array([[1.0, 1.01, 1.02], [2.0, 2.02, 2.04], [2.03, 2.04, 2.06]])
    one = Decisions(plan=plan_of(3, goal="ranking", limit=3))
    found = look(one, table).findings
    ordered = sorted(one.p for one in found)
    least = np.maximum.accumulate([p * (3 - place) for place, p in enumerate(ordered)])
    assert np.allclose([one.overall for one in found], np.minimum(1, least))
    assert [one.outcome for one in found] == ["different" if p < 0.05 else "open" for p in least]


def test_what_is_decided_stays_decided_and_gets_no_more_seeds():
    table = scores(np.random.default_rng(1), [0, 3, 3])
    first = look(Decisions(plan=plan_of(3)), table)
    assert first.losses["m1"] == first.losses["m2"] == {"m0"}
    assert first.over
    assert first.open_rows() == []


def test_rows_that_lost_are_out_and_the_others_go_on():
    table = scores(np.random.default_rng(1), [0, 0.001, 3])
    first = look(Decisions(plan=plan_of(3)), table)
    assert first.open_rows() == ["m0", "m1"]


@pytest.mark.parametrize("goal", ["best", "top:2", "ranking"])
def test_the_order_of_rows_does_not_matter(goal):
    random = np.random.default_rng(2)
    for _ in range(5):
        table = scores(random, random.normal(0, 0.1, 5))
        order = random.permutation(5)
        one = {frozenset(pair) for pair in studied(table, goal=goal).different}
        other = studied(table[order], goal=goal).different
        assert one == {frozenset(f"m{order[int(row[1:])]}" for row in pair) for pair in other}


def test_higher_is_better_is_the_negated_data():
    random = np.random.default_rng(3)
    for _ in range(5):
        table = np.log(scores(random, random.normal(0, 0.1, 4)))
        down = studied(table, ratio=False, goal="ranking")
        up = studied(-table, ratio=False, goal="ranking", higher_is_better=True)
        assert down.different == up.different
        assert down.seeds == up.seeds


def test_equal_rows_are_called_equal_within_a_margin():
    random = np.random.default_rng(4)
    found = [one.outcome for one in studied(scores(random, [0, 0]), margin=0.5).decisions.findings]
    assert found[-1] == "equal"


def test_a_margin_does_not_hold_where_rows_differ_by_more():
    for seed in range(50):
        table = scores(np.random.default_rng(seed), [0, math.log(1.05)])
        assert "equal" not in {one.outcome for one in studied(table, margin=0.05).decisions.findings}


def test_hopeless_pairs_end_a_study_of_equal_rows_early():
    random = np.random.default_rng(5)
    seeds = [studied(scores(random, [0, 0, 0]), goal="ranking").mean_seeds for _ in range(30)]
    assert np.mean(seeds) < 15


def test_nothing_is_given_up_before_five_seeds_nor_at_the_last_look():
    random = np.random.default_rng(6)
    for _ in range(30):
        found = studied(scores(random, [0, 0, 0]), limit=8).decisions.findings
        assert {one.look for one in found if one.outcome == "hopeless"} <= {2}


def test_a_row_of_which_all_seeds_diverged_loses_to_nobody_and_gets_no_more():
    table = scores(np.random.default_rng(7), [0, 0.001, 1])
    table[0] = np.nan
    one = look(Decisions(plan=plan_of(3)), table)
    assert one.closed == {"m0": "diverges"}
    assert one.losses["m0"] == set()
    assert "m0" not in one.open_rows()


def test_a_row_with_one_score_stays_open():
    table = scores(np.random.default_rng(8), [0, 3])
    table[0, :2] = np.nan
    one = look(Decisions(plan=plan_of(2)), table)
    assert one.open_rows() == ["m0", "m1"]


def test_rounded_scores_that_agree_are_not_called_different_for_that():
    table = np.array([[10.0] * 20, [9.0] * 20])
    assert studied(table, ratio=False, resolution=1.0, limit=3).different == set()


def test_the_error_over_all_looks_is_under_five_percent_where_and_only_where_a_pair_differs():
    random = np.random.default_rng(9)
    for goal in ("best", "top:2", "ranking"):
        for _ in range(10):
            one = studied(scores(random, random.normal(0, 0.1, 4)), goal=goal)
            assert {pair for pair, p in one.decisions.overall.items() if p < 0.05} == one.different


def test_a_look_behind_the_last_is_refused():
    table = scores(np.random.default_rng(1), [0, 0])
    one = studied(table, limit=3).decisions
    with pytest.raises(ValueError, match="all looks"):
        one.after({"m0": [1.0, 2.0], "m1": [1.0, 2.0]})


def share(repeats, make, wrong, **options):
    """Share of simulated studies that make a false statement."""
    random = np.random.default_rng(0)
    found = np.mean([wrong(studied(make(random), **options)) for _ in range(repeats)])
    print(f"{found:.2%} of {repeats:,} studies")
    return found


def false_pairs(means):
    """Whether a study calls rows of one mean different, or takes the worse for the better."""
    return lambda study: any(means[int(a[1:])] >= means[int(b[1:])] for a, b in study.different)


def with_failures(random, means):
    table = scores(random, means)
    return np.where(random.random(table.shape) < 0.1, np.nan, table)


def rounded(random, means):
    """Scores rounded to two deviations of the widest row."""
    return np.round(5 + 0.5 * random.standard_normal((len(means), 20)))


EQUAL = [
    ("normal", 3, scores, {}),
    ("normal", 10, scores, {}),
    ("skew", 3, lambda random, means: scores(random, means, skew), {}),
    ("skew", 10, lambda random, means: scores(random, means, skew), {}),
    ("a tenth diverged", 3, with_failures, {}),
    ("rounded", 3, rounded, {"resolution": 1.0, "ratio": False}),
    ("one had twenty seeds", 3, scores, {"before": {"m0": 20}}),
]
NAMES = [f"{name} {models}" for name, models, _, _ in EQUAL]


@pytest.mark.parametrize(("name", "models", "make", "options"), EQUAL[:1] + EQUAL[4:], ids=NAMES[:1] + NAMES[4:])
def test_few_studies_of_equal_rows_hold_a_false_verdict(name, models, make, options):
    means = [0.0] * models
    assert share(150, lambda random: make(random, means), false_pairs(means), goal="ranking", **options) <= 0.08


@pytest.mark.slow
@pytest.mark.parametrize(("name", "models", "make", "options"), EQUAL, ids=NAMES)
def test_at_most_five_percent_of_studies_of_equal_rows_hold_a_false_verdict(name, models, make, options):
    means = [0.0] * models
    assert share(2000, lambda random: make(random, means), false_pairs(means), goal="ranking", **options) <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("models", [3, 10])
def test_at_most_five_percent_of_studies_name_a_wrong_best(models):
    means = [0.0, 0.0, *0.1 * np.arange(1, models - 1)]
    wrong = share(2000, lambda random: scores(random, means), lambda study: len(study.unbeaten) == 1, goal="best")
    assert wrong <= 0.06


@pytest.mark.slow
def test_looking_without_spending_would_be_wrong_more_than_twice_as_often(monkeypatch):
    monkeypatch.setattr(sequential, "_levels", lambda looks: tuple(0.05 for _ in looks))
    means = [0.0] * 3
    assert share(2000, lambda random: scores(random, means), false_pairs(means), goal="ranking") > 0.06


@pytest.mark.slow
@pytest.mark.parametrize(("models", "least"), [(3, 0.9), (10, 0.8)])
def test_the_best_is_named_with_a_third_of_the_seeds_and_nearly_the_power_of_twenty(models, least):
    random = np.random.default_rng(0)
    right, fixed, seeds = [], [], []
    for _ in range(2000):
        means = random.normal(0, 0.4, models)
        table, best = scores(random, means), [f"m{np.argmin(means)}"]
        study = studied(table, goal="best")
        right.append(study.unbeaten == best)
        fixed.append(unbeaten_of_fixed(table) == best)
        seeds.append(study.mean_seeds)
    print(f"{models} rows: right in {np.mean(right):.1%} with {np.mean(seeds):.1f} seeds, {np.mean(fixed):.1%} with 20")
    assert np.mean(right) >= max(least, np.mean(fixed) - 0.06)
    assert np.mean(seeds) < 7


def test_decisions_hang_on_the_scores_alone():
    table = scores(np.random.default_rng(10), [0, 0.05, 0.1, 0.4])
    whole = studied(table, goal="ranking").decisions
    parts = Decisions(plan=whole.plan)
    while not parts.over:
        kept = dataclasses.replace(parts)  # what a study that goes on reads of the one that was stopped
        parts = look(kept, table)
    assert parts == whole
    assert [one.look for one in whole.findings] == sorted(one.look for one in whole.findings)
    assert len({(one.pair, one.look) for one in whole.findings}) == len(whole.findings)
    assert all(
        frozenset(pair) in {one.pair for one in whole.findings} for pair in itertools.combinations(whole.plan.rows, 2)
    )
