"""What `--until-decided` asks."""

import pytest

from genharness.plugin.registry import load_registry
from genharness.study.question import DEFAULT_LIMIT, deciding_column, with_seeds
from genharness.study.suite import Suite

FID, KID, MODES = (load_registry().metrics[name] for name in ("fid", "kid", "modes"))


def test_without_a_question_nothing_changes():
    suite = Suite(seeds=(4,))
    assert with_seeds(suite) == (suite, [])
    assert deciding_column(suite, [FID]) == (None, [])


@pytest.mark.parametrize(("seeds", "most"), [((0,), tuple(range(DEFAULT_LIMIT))), ((7, 8, 9, 11), (7, 8, 9, 11))])
def test_seeds_are_those_that_were_named_or_ten(seeds, most):
    assert with_seeds(Suite(until_decided="auto", seeds=seeds))[0].seeds == most


def test_two_seeds_are_too_few():
    assert with_seeds(Suite(until_decided="auto", seeds=(0, 1)))[1] == [
        "--until-decided looks first at 3 seeds: give --seeds 3 or more, or none"
    ]


def test_a_goal_without_a_question_is_refused():
    assert with_seeds(Suite(goal="ranking", margin=0.1))[1] == [
        "--goal says how --until-decided decides: give that too",
        "--margin says how --until-decided decides: give that too",
    ]


@pytest.mark.parametrize(("word", "key"), [("auto", "fid"), ("kid", "kid"), ("fid", "fid")])
def test_the_score_is_the_one_that_ranks_or_the_one_that_was_named(word, key):
    column, wrong = deciding_column(Suite(until_decided=word), [KID, FID])
    assert (column.key, wrong) == (key, [])


def test_a_score_that_is_not_measured_is_refused_with_the_nearest():
    column, wrong = deciding_column(Suite(until_decided="fidd"), [FID])
    assert (column, wrong) == (None, ["--until-decided: no metric 'fidd' in this run; did you mean 'fid'?"])


def test_a_score_without_a_better_end_is_refused():
    registry = load_registry()
    spec, column = next(
        (spec, column)
        for spec in registry.metrics.values()
        for column in spec.columns
        if column.higher_is_better is None
    )
    assert "no better end" in deciding_column(Suite(until_decided=column.key), [spec])[1][0]
    only = [one for one in registry.metrics.values() if all(each.higher_is_better is None for each in one.columns)]
    assert not only or "name one of" in deciding_column(Suite(until_decided="auto"), only[:1])[1][0]


def test_one_seed_that_was_named_is_too_few_and_not_replaced_by_others():
    assert with_seeds(Suite(until_decided="auto", seeds=(7,)))[1] == [
        "--until-decided looks first at 3 seeds: give --seeds 3 or more, or none"
    ]
