"""Single changes from a base, against scipy's tests and against what is planted."""

import numpy as np
import pytest
from scipy import stats

from genharness.stats import ScoreTable, holm
from genharness.stats.changes import changes_from


def table(groups, *, designs=None, log=True, **changes):
    seeded = {name: dict(enumerate(map(float, scores))) for name, scores in groups.items()}
    return ScoreTable(groups=seeded, log=log, designs=designs or {}, **changes)


def drawn(seed, means, n):
    draw = np.random.default_rng(seed)
    return {name: np.exp(mean + 0.05 * draw.normal(size=n)) for name, mean in means.items()}


def test_matched_changes_are_the_paired_test_on_logarithms_corrected_over_the_changes():
    groups = drawn(0, {"base": 1.0, "a": 1.3, "b": 1.02, "c": 1.0}, 8)
    found = changes_from(table(groups, designs=dict.fromkeys(groups, "d")), "base")
    tests = [stats.ttest_rel(np.log(groups[name]), np.log(groups["base"])) for name in "abc"]
    assert [one.p for one in found] == pytest.approx(holm([test.pvalue for test in tests]))
    for one, test in zip(found, tests, strict=True):
        interval = test.confidence_interval(0.95)
        assert (one.low, one.high) == pytest.approx((np.expm1(interval.low), np.expm1(interval.high)))
        wide = test.confidence_interval(1 - 2 * 0.05 / 3)
        assert one.within == pytest.approx(np.expm1(max(abs(wide.low), abs(wide.high))))
        correlation = np.corrcoef(np.log(groups[one.name]), np.log(groups["base"]))[0, 1]
        assert one.correlation == pytest.approx(correlation)
    assert found[0].verdict == "worse"
    assert "8 paired seeds, correlation" in found[0].sentence


@pytest.mark.parametrize(("n", "designs"), [(5, "same"), (8, "none")])
def test_few_seeds_and_other_sizes_are_not_matched(n, designs):
    groups = drawn(1, {"base": 1.0, "a": 1.3}, n)
    (found,) = changes_from(table(groups, designs=dict.fromkeys(groups, "d") if designs == "same" else {}), "base")
    assert not found.paired
    assert found.correlation is None
    assert found.sentence.endswith(f"{n} and {n} seeds)")


def test_where_nothing_is_shown_a_bound_is_said_and_never_that_there_is_no_effect():
    (found,) = changes_from(table(drawn(2, {"base": 1.0, "a": 1.0}, 8)), "base")
    assert not found.verdict
    assert found.sentence.startswith("no difference larger than ")
    assert "effect" not in found.sentence


def test_higher_is_better_is_the_mirror_and_differences_are_plain_without_logarithms():
    scores = {"base": [0.5, 0.52, 0.51], "a": [0.9, 0.91, 0.92]}
    up, down = (changes_from(table(scores, log=False, higher_is_better=one), "base")[0] for one in (True, False))
    assert (up.verdict, down.verdict) == ("better", "worse")
    assert up.difference == pytest.approx(0.4)


def test_one_seed_and_seeds_that_agree_are_no_test():
    for scores in ({"base": [1.0], "a": [2.0]}, {"base": [1.0, 1.0], "a": [2.0, 2.0]}):
        (found,) = changes_from(table(scores), "base")
        assert found.p is None
        assert found.sentence.startswith("cannot be tested")


def test_a_change_that_lost_more_seeds_is_not_called_better():
    groups = {"base": [5.0, 5.1, 5.2, 5.0], "a": [1.0, 1.1, 1.0, 1.2]}
    (found,) = changes_from(table(groups, lost={"a": 0.5}), "base")
    assert (found.verdict, found.withheld) == ("", "better")
    assert "% better (" in found.sentence
    assert "but 50% of its seeds have none (0% of the base's), so it is not called better" in found.sentence


def test_a_change_that_scores_worse_than_a_base_that_lost_more_seeds_is_not_called_worse():
    groups = {"base": [1.0, 1.1, 1.0, 1.2], "a": [5.0, 5.1, 5.2, 5.0]}
    (found,) = changes_from(table(groups, lost={"base": 0.5}), "base")
    assert (found.verdict, found.withheld) == ("", "worse")
    assert "but 50% of the base's seeds have none (0% of the change's), so it is not called worse" in found.sentence


@pytest.mark.slow
def test_of_2000_studies_of_changes_that_change_nothing_5_percent_hold_a_verdict_or_a_wrong_bound():
    draw = np.random.default_rng(3)
    false = missed = 0
    for _ in range(2000):
        shift = 0.04
        groups = {name: np.exp(0.05 * draw.normal(size=5)) for name in ("base", "a", "b", "c")}
        false += any(one.verdict for one in changes_from(table(groups), "base"))
        groups = {name: scores * np.exp(shift * (name != "base")) for name, scores in groups.items()}
        missed += any(one.within < np.expm1(shift) for one in changes_from(table(groups), "base"))
    assert false / 2000 < 0.06
    assert missed / 2000 < 0.06
