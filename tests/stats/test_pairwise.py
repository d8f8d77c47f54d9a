"""Comparisons of models: what decides, what is said, and how often it is wrong."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from genharness.stats import Family, ScoreTable, compare, compare_many, holm
from stats_vectorised import least_p

GOOD = {0: 25.0, 1: 27.0, 2: 26.0}
BAD = {0: 40.0, 1: 41.0, 2: 43.0}
LIKE_GOOD = {0: 24.0, 1: 27.5, 2: 25.5}
GROUPS = {"dcgan": GOOD, "vae": BAD, "wgan": LIKE_GOOD}


def many(groups, pairs=None, **options):
    return compare_many(ScoreTable(groups=groups, **options), pairs)


def named(draws):
    """Families `(repeats, models, seeds)` as groups of models."""
    return [{f"model-{i}": dict(enumerate(scores)) for i, scores in enumerate(one)} for one in draws.tolist()]


def log_normal(rng, shape):
    return rng.lognormal(3, 0.5, shape)


def moved_by_the_seed(rng, shape):
    """Scores that a seed moves alike for every model."""
    repeats, _, seeds = shape
    return rng.normal(100, 1, shape) + rng.normal(0, 1, (repeats, 1, seeds))


NULLS = [
    pytest.param(lambda rng, shape: rng.normal(100, 1, shape), False, id="normal"),
    pytest.param(log_normal, False, id="log-normal"),
    pytest.param(log_normal, True, id="log-normal, logarithms"),
    pytest.param(moved_by_the_seed, False, id="moved by the seed"),
    pytest.param(lambda rng, shape: rng.uniform(9, 11, shape), False, id="uniform"),
    pytest.param(lambda rng, shape: 10 + rng.exponential(1, shape), False, id="exponential"),
    pytest.param(lambda rng, shape: 100 + rng.standard_t(3, shape), False, id="heavy tails"),
]


@pytest.mark.parametrize(("draw", "log"), NULLS)
@pytest.mark.parametrize("seeds", [3, 6, 10])
@pytest.mark.parametrize("paired", [False, True])
def test_equal_models_are_told_apart_at_most_6_percent_of_the_time(draw, log, seeds, paired):
    """Over 10,000 families: a rate of 5 % is measured to 0.22 points (one standard error)."""
    scores = draw(np.random.default_rng(0), (10_000, 4, seeds))
    deciding, exact = least_p(np.log(scores) if log else scores, paired=paired)
    for one, least, least_exact in zip(named(scores[:5]), deciding, exact, strict=False):
        compared = many(one, log=log, designs=dict.fromkeys(one, "vae") if paired else {})
        assert min(c.p for c in compared) == pytest.approx(least)
        assert min(c.mann_whitney.p for c in compared) == pytest.approx(least_exact)
        assert any(c.verdict != "undecided" for c in compared) == (6 * least < 0.05)
        assert any(c.mann_whitney_p_corrected < 0.05 for c in compared) == (6 * least_exact < 0.05)
    assert np.mean(6 * deciding < 0.05) <= 0.06
    assert np.mean(6 * exact < 0.05) <= 0.06


def test_a_large_difference_is_found():
    rng = np.random.default_rng(0)
    found = [compare(rng.normal(size=5).tolist(), rng.normal(4, 1, 5).tolist()).verdict == "better" for _ in range(200)]
    assert np.mean(found) > 0.95


def test_the_verdict_reads_the_score_the_way_it_is_meant():
    a, b = [1.0, 1.1, 0.9], [2.0, 2.1, 1.9]
    assert compare(a, b, higher_is_better=False).verdict == "better"
    assert compare(a, b, higher_is_better=True).verdict == "worse"
    assert compare(b, a, higher_is_better=True, log=True).verdict == "better"


def test_swapping_the_models_mirrors_everything():
    forth, back = compare([1.0, 3, 2, 4], [2.0, 5, 5, 9]), compare([2.0, 5, 5, 9], [1.0, 3, 2, 4])
    assert back.difference == -forth.difference
    assert back.difference_low == pytest.approx(-forth.difference_high)
    assert back.p == pytest.approx(forth.p)
    assert back.mann_whitney.p == pytest.approx(forth.mann_whitney.p)
    assert back.improvement == pytest.approx(1 - forth.improvement)
    assert back.improvement_low == pytest.approx(1 - forth.improvement_high)


def test_logarithms_test_the_ratio_with_the_statistic_of_scipys_welch():
    a, b = list(GOOD.values()), list(BAD.values())
    ours, theirs = compare(a, b, log=True), stats.ttest_ind(np.log(a), np.log(b), equal_var=False)
    interval = theirs.confidence_interval()
    assert ours.welch_p == pytest.approx(theirs.pvalue)
    assert ours.p == pytest.approx(2 * stats.t.sf(abs(theirs.statistic), 2))
    assert ours.ratio_low < math.exp(interval.low) < math.exp(interval.high) < ours.ratio_high
    assert ours.ratio == pytest.approx(stats.gmean(a) / stats.gmean(b))
    assert ours.decided_by == "t test with 2 degrees of freedom on logarithms"


def test_the_scale_of_the_scores_does_not_change_a_comparison_of_logarithms():
    a, b = list(GOOD.values()), list(BAD.values())
    small, large = (compare([k * x for x in a], [k * x for x in b], log=True) for k in (1e-3, 1e3))
    assert small.p == pytest.approx(large.p)
    assert small.seeds == large.seeds


def test_matched_seeds_of_one_design_are_paired_by_seed_whatever_their_order():
    rng = np.random.default_rng(1)
    a = {seed: float(score) for seed, score in enumerate(rng.normal(10, 3, 7))}
    b = {seed: a[seed] + 0.5 + 0.1 * float(rng.normal()) for seed in reversed(a)}
    (compared,) = many({"a": a, "b": b}, designs={"a": ("vae", 100), "b": ("vae", 100)})
    theirs = stats.ttest_rel([a[s] for s in range(7)], [b[s] for s in range(7)])
    assert compared.paired
    assert (compared.p, compared.paired_p) == pytest.approx((theirs.pvalue, theirs.pvalue))
    assert compared.decided_by == "paired t test with 6 degrees of freedom"
    assert compared.verdict == "better"
    assert compared.welch_p > 0.05
    assert compared.wilcoxon.p == pytest.approx(stats.wilcoxon([a[s] - b[s] for s in range(7)]).pvalue)


def test_few_matched_seeds_show_the_paired_test_but_it_does_not_decide():
    (compared,) = many({"dcgan": GOOD, "vae": BAD}, designs={"dcgan": 1, "vae": 1})
    assert compared.paired_p is not None
    assert compared.decided_by == "t test with 2 degrees of freedom"


@pytest.mark.parametrize("designs", [{}, {"a": ("vae", 100)}, {"a": ("vae", 100), "b": ("vae", 90)}])
def test_seeds_of_different_designs_are_not_paired(designs):
    (compared,) = many({"a": GOOD, "b": BAD}, designs=designs)
    assert not compared.paired
    assert compared.paired_p is compared.wilcoxon is None


def test_seeds_that_do_not_match_are_not_paired():
    (compared,) = many({"a": {0: 1.0, 1: 2.0}, "b": {0: 1.0, 2: 3.0}}, designs={"a": 1, "b": 1})
    assert not compared.paired


def test_every_pair_is_compared_and_corrected_by_holm():
    compared = many(GROUPS, log=True)
    assert [c.names for c in compared] == list(itertools.combinations(GROUPS, 2))
    assert [c.p_corrected for c in compared] == [c.p_within for c in compared] == holm([c.p for c in compared])
    assert [c.mann_whitney_p_corrected for c in compared] == [min(1, 3 * c.mann_whitney.p) for c in compared]
    assert {c.comparisons for c in compared} == {3}


def test_a_pair_is_corrected_over_the_family_that_it_belongs_to():
    table = ScoreTable(groups=GROUPS, log=True)
    family = Family([ScoreTable(groups=GROUPS), table])
    (pair,) = compare_many(table, [("dcgan", "vae")], family=family, place=1)
    assert pair.comparisons == 6
    assert (
        pair.p_corrected
        == family.corrected(1, "dcgan", "vae")
        >= pair.p_within
        == Family([table]).corrected(0, "vae", "dcgan")
    )


@pytest.mark.parametrize(
    ("lost", "verdict"), [((0.0, 0.0), "better"), ((0.5, 0.5), "better"), ((0.5, 0.2), "undecided")]
)
def test_a_model_that_lost_more_of_its_seeds_is_not_called_better(lost, verdict):
    a, b = dict(enumerate([1.0, 1.1, 0.9, 1.05])), dict(enumerate([9.0, 9.1, 8.9, 9.3]))
    forth, back = (
        many(dict(pair), lost=dict(zip("ab", lost, strict=True)))[0]
        for pair in ([("a", a), ("b", b)], [("b", b), ("a", a)])
    )
    assert forth.verdict == verdict
    assert back.verdict == {"better": "worse"}.get(verdict, verdict)
    assert forth.withheld == back.withheld == (verdict == "undecided")
    if forth.withheld:
        for one in (forth, back):
            assert (
                "a scores better than b on the seeds that have a score, but 50% of its seeds have none (20%"
                in one.sentence
            )


def test_a_model_that_lost_more_of_its_seeds_can_still_be_worse():
    groups = {"a": dict(enumerate([9.0, 9.1, 8.9, 9.3])), "b": dict(enumerate([1.0, 1.1, 0.9, 1.05]))}
    assert many(groups, lost={"a": 0.5})[0].verdict == "worse"


def test_a_model_with_one_seed_is_compared_with_nothing_and_costs_the_others_nothing():
    compared = {c.names: c for c in many({**GROUPS, "new": {0: 5.0}})}
    alone = {c.names: c for c in many(GROUPS)}
    assert compared["dcgan", "vae"] == alone["dcgan", "vae"]
    untested = compared["dcgan", "new"]
    assert (untested.p, untested.difference_low, untested.improvement_low) == (None, None, None)
    assert (untested.verdict, untested.improvement) == ("undecided", 0.0)
    assert "a single seed says nothing" in untested.sentence


def test_models_that_never_vary_are_not_told_apart_and_it_is_said_why():
    compared = compare([3.0, 3.0], [4.0, 4.0])
    assert (compared.verdict, compared.p, compared.decided_by) == (
        "undecided",
        None,
        "nothing: neither varies over seeds",
    )
    assert "no score varies over the seeds of either" in compared.sentence


@pytest.mark.parametrize(("nine", "verdict"), [([9, 9, 9], "undecided"), ([2, 2, 2], "better")])
def test_counts_are_told_apart_only_by_more_than_rounding_hides(nine, verdict):
    compared = compare([10, 10, 10], nine, higher_is_better=True, resolution=1)
    assert compared.verdict == verdict
    assert 0 < compared.p < 1


def test_a_ratio_beyond_all_bounds_is_infinite_rather_than_an_overflow():
    compared = compare([1e-100, 1e100], [1.0, 2.0], log=True)
    assert compared.ratio_high == math.inf


@pytest.mark.parametrize(
    ("groups", "options", "said"),
    [
        ({"a": {0: 1.0}}, {}, "groups: needs at least two models"),
        ({"a": {0: 1.0}, "vae": {}}, {}, "vae: no scores"),
        ({"a": {0: 1.0}, "vae": {0: math.nan}}, {}, "vae: score 0 is nan"),
        ({"a": {0: 1.0}, "vae": {0: 0.0}}, {"log": True}, "vae: score 0 is 0.0; log=True needs"),
    ],
)
def test_groups_that_cannot_be_compared_are_refused_by_name(groups, options, said):
    with pytest.raises(ValueError, match=said):
        many(groups, **options)


def test_pairs_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="b: paired scores must be as many"):
        compare([1.0, 2.0], [1.0], paired=True)
