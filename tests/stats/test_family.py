"""The one table of corrected comparisons: ranks, the best, and what `compare_many` says of a pair agree."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import stats_vectorised as fast
from genharness.stats import Family, ScoreTable, Standing, compare_many, holm
from genharness.stats import family as families

RANDOM = np.random.default_rng(0)


def table(scores, **options):
    """Scores `(models, seeds)` as a table."""
    return ScoreTable(
        groups={f"m{i}": dict(enumerate(row)) for i, row in enumerate(np.asarray(scores).tolist())}, **options
    )


def studies(count, models=4, seeds=4, apart=0.5):
    """Tables of models that lie apart by so many deviations, one after another."""
    return [table(RANDOM.normal(size=(models, seeds)) + apart * np.arange(models)[:, None]) for _ in range(count)]


def by_verdicts(one):
    """Ranks read off the verdicts of all pairs."""
    compared = compare_many(one)
    wins = [c.names if c.verdict == "better" else c.names[::-1] for c in compared if c.verdict != "undecided"]
    better, worse = [a for a, _ in wins], [b for _, b in wins]
    return {name: Standing(1 + worse.count(name), len(one.groups) - better.count(name)) for name in one.groups}


@pytest.mark.parametrize("apart", [0.0, 2.0, 10.0])
def test_ranks_are_those_of_the_verdicts(apart):
    for one in studies(30, apart=apart):
        assert Family([one]).standings(0) == by_verdicts(one)


def test_many_models_are_ranked_by_the_verdicts_too(monkeypatch):
    monkeypatch.setattr(families, "MOST_FOR_HOLM", 3)
    for one in studies(30, seeds=8, apart=1.5):
        paired = table(
            [list(scores.values()) for scores in one.groups.values()], designs=dict.fromkeys(one.groups, "vae")
        )
        assert Family([one]).standings(0) == by_verdicts(one)
        assert Family([paired]).standings(0) == by_verdicts(paired)


@pytest.mark.parametrize("together", [1, 3, 100])
def test_models_of_several_designs_are_ranked_by_the_verdicts_however_many_are_held_together(monkeypatch, together):
    monkeypatch.setattr(families, "MOST_FOR_HOLM", 3)
    monkeypatch.setattr(families, "_TOGETHER", together)
    for one in studies(10, models=7, seeds=8, apart=1.0):
        some = [list(scores.values())[: 8 - place % 3] for place, scores in enumerate(one.groups.values())]
        groups = {f"m{place}": dict(enumerate(scores)) for place, scores in enumerate(some)}
        mixed = ScoreTable(groups=groups, designs={"m0": "vae", "m3": "vae", "m6": "vae", "m1": "gan", "m2": "gan"})
        assert Family([mixed]).standings(0) == by_verdicts(mixed)


def test_bonferroni_is_never_less_strict_than_holm(monkeypatch):
    tables = studies(50, models=6, apart=3.0)
    by_holm = [Family([one]).standings(0) for one in tables]
    monkeypatch.setattr(families, "MOST_FOR_HOLM", 3)
    by_bonferroni = [Family([one]).standings(0) for one in tables]
    pairs = [(a[name], b[name]) for a, b in zip(by_holm, by_bonferroni, strict=True) for name in a]
    assert all(strict.low <= one.low and strict.high >= one.high for one, strict in pairs)
    assert any(strict != one for one, strict in pairs)


def test_two_groups_far_apart_share_the_ranks_of_their_groups():
    scores = RANDOM.normal(size=(5, 6)) * 0.1 + np.array([0, 0, 9, 9, 9])[:, None]
    assert list(Family([table(scores)]).standings(0).values()) == [Standing(1, 2)] * 2 + [Standing(3, 5)] * 3


def test_reading_the_score_the_other_way_mirrors_the_ranks():
    one = studies(1, models=5, apart=8.0)[0]
    down = Family([one]).standings(0)
    up = Family([ScoreTable(groups=one.groups, higher_is_better=True)]).standings(0)
    assert up == {name: Standing(6 - standing.high, 6 - standing.low) for name, standing in down.items()}
    assert down != up


@pytest.mark.parametrize("scores", [[[1.0]] * 4, [[1.0], [2.0], [3.0], [4.0]], [[2.0, 2.0]] * 4])
def test_one_seed_or_no_spread_leaves_every_rank_open(scores):
    family = Family([table(scores)])
    assert set(family.standings(0).values()) == {Standing(1, 4)}
    assert family.size == 0


def test_a_model_that_lost_more_of_its_seeds_wins_against_none_that_lost_fewer():
    scores = RANDOM.normal(size=(3, 6)) * 0.1 + np.array([0, 9, 18])[:, None]
    ranks = Family([table(scores, lost={"m0": 0.4, "m1": 0.0, "m2": 0.5})]).standings(0)
    assert ranks == {"m0": Standing(1, 2), "m1": Standing(1, 2), "m2": Standing(3, 3)}


def test_the_comparisons_of_several_metrics_are_corrected_together():
    tables = studies(5, models=3, apart=3.0)
    family = Family(tables)
    assert family.size == 15
    alone = [Family([one]).corrected(0, "m0", "m2") for one in tables]
    assert all(family.corrected(place, "m0", "m2") >= p for place, p in enumerate(alone))


def test_the_corrected_p_is_that_of_holm_over_all_pairs():
    one = studies(1, models=5, apart=1.5)[0]
    pairs = list(itertools.combinations(one.groups, 2))
    expected = holm([c.p for c in compare_many(one)])
    assert [Family([one]).corrected(0, *pair) for pair in pairs] == expected
    assert [Family([one]).corrected(0, *reversed(pair)) for pair in pairs] == expected


def test_a_wide_row_in_front_hides_no_row_that_another_beats():
    """Anchored on the best mean, all would be as good as a best row of wide spread."""
    wide = [-9.0, 9.0, -8.0, 7.0, -3.0]
    good, bad = (RANDOM.normal(mean, 0.01, 5).tolist() for mean in (0, 5))
    ranks = Family([table([wide, good, bad])]).standings(0)
    assert ranks["m0"].unbeaten
    assert ranks["m1"].unbeaten
    assert not ranks["m2"].unbeaten


# Simulated studies. `fast` does thousands at once; the first test holds it to the package.


def test_the_fast_copy_decides_as_the_package_does():
    for seeds, resolution in ((3, 0.0), (5, 0.5), (8, 0.0)):
        scores = RANDOM.normal(size=(20, 4, seeds)) + 2.0 * np.arange(4)[:, None]
        low, high = fast.rank_intervals([scores], resolution=resolution)
        for study, rows in enumerate(scores):
            ranks = Family([table(rows, resolution=resolution)]).standings(0).values()
            assert [(one.low, one.high) for one in ranks] == list(zip(low[0][study], high[0][study], strict=True))


def skewed(rng, shape):
    """Centred gamma(2) over its deviation: skewness 1.4."""
    return (rng.gamma(2, size=shape) - 2) / 2**0.5


def tenfold(rng, shape):
    """Deviations between models, log-uniform from 1 to 10 %."""
    return np.exp(rng.uniform(np.log(0.01), np.log(0.1), (*shape[:2], 1)))


EQUAL = {
    "normal": (lambda rng, shape: 0.05 * rng.normal(size=shape), 0.0),
    "normal, deviations tenfold": (lambda rng, shape: tenfold(rng, shape) * rng.normal(size=shape), 0.0),
    "skewed": (lambda rng, shape: 0.05 * skewed(rng, shape), 0.0),
    "skewed, deviations tenfold": (lambda rng, shape: tenfold(rng, shape) * skewed(rng, shape), 0.0),
    "heavy tails": (lambda rng, shape: tenfold(rng, shape) * rng.standard_t(3, shape), 0.0),
    "modes of 10, nearly all": (lambda rng, shape: rng.binomial(10, 0.95, shape), 1.0),
    "modes of 10": (lambda rng, shape: rng.binomial(10, 0.8, shape), 1.0),
    "rounded to whole numbers": (lambda rng, shape: np.round(rng.normal(0.5, 0.3, shape)), 1.0),
    "shares of 539": (lambda rng, shape: rng.binomial(539, 0.8, shape) / 539, 1 / 539),
}
STUDIES = 2000
SLACK = 0.0098
"""Two standard errors of a rate of 5 % over 2,000 studies."""


@pytest.mark.slow
@pytest.mark.parametrize("models", [2, 3, 5, 10, 20])
@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("kind", EQUAL)
def test_at_most_5_percent_of_studies_of_equal_models_hold_a_false_verdict(kind, seeds, models):
    draw, resolution = EQUAL[kind]
    scores = np.asarray(draw(np.random.default_rng([models, seeds]), (STUDIES, models, seeds)), float)
    low, high = fast.rank_intervals([scores], resolution=resolution)
    false = ((low[0] > 1) | (high[0] < models)).any(1).mean()
    print(f"{kind}, {models} models, {seeds} seeds: {false:.1%}")
    assert false <= 0.05 + SLACK


@pytest.mark.slow
@pytest.mark.parametrize("alike", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("models", [2, 5])
def test_at_most_5_percent_hold_a_false_verdict_by_any_of_eight_metrics(models, alike):
    """One primary metric on its own and seven others together: at most 5 % each."""
    rng = np.random.default_rng(models)
    own = rng.normal(size=(8, STUDIES, models, 5))
    scores = alike**0.5 * rng.normal(size=(STUDIES, models, 5)) + (1 - alike) ** 0.5 * own
    rates = []
    for tables in (scores[:1], scores[1:]):
        low, high = fast.rank_intervals(list(tables))
        rates.append(float(((low > 1) | (high < models)).any((0, 2)).mean()))
    print(f"{models} models, correlation {alike}: primary {rates[0]:.1%}, others {rates[1]:.1%}")
    assert max(rates) <= 0.05 + SLACK


@pytest.mark.slow
@pytest.mark.parametrize("models", [3, 10, 20])
@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("kind", ["normal", "normal, deviations tenfold", "skewed, deviations tenfold"])
@pytest.mark.parametrize("apart", [1e-7, 0.05])
def test_the_intervals_of_ranks_hold_the_true_ranks(kind, seeds, models, apart):
    """Nearly equal models are the hardest; every single rank and all at once."""
    draw, _ = EQUAL[kind]
    truth = np.arange(models)
    scores = apart * truth[:, None] + draw(np.random.default_rng([models, seeds]), (STUDIES, models, seeds))
    low, high = fast.rank_intervals([scores])
    held = (low[0] <= truth + 1) & (truth + 1 <= high[0])
    width = (high[0] - low[0] + 1).mean()
    print(
        f"{kind}, {models} models {apart} apart, {seeds} seeds: worst row {held.mean(0).min():.1%}, "
        f"all rows {held.all(1).mean():.1%}, width {width:.1f}"
    )
    assert held.mean(0).min() >= 0.94
    assert held.all(1).mean() >= 0.94


def test_without_the_variance_that_rounding_hides_equal_models_are_told_apart():
    """So the simulations can see that fault: with it they would fail."""
    scores = np.round(np.random.default_rng(0).normal(0.5, 0.3, (500, 10, 3)))
    found = {}
    for resolution in (0.0, 1.0):
        low, high = fast.rank_intervals([scores], resolution=resolution, steady_is_known=resolution == 0)
        found[resolution] = ((low[0] > 1) | (high[0] < 10)).any(1).mean()
    assert found[0.0] > 0.4
    assert found[1.0] <= 0.05


@pytest.mark.parametrize("place", [0, 1])
def test_one_table_of_a_family_by_itself_is_the_family_of_that_table(place):
    several = studies(2)
    alone, expected = Family(several).alone(place), Family([several[place]])
    assert alone.size == expected.size < Family(several).size
    assert alone.corrected(0, "m0", "m3") == expected.corrected(0, "m0", "m3")
    assert alone.standings(0) == expected.standings(0)
