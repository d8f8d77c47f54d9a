"""A row's number with every error that is known of it."""

import math
from types import SimpleNamespace

import pytest

from board_records import record
from genharness.board.estimates import estimate_of, sampling_share, with_intervals
from genharness.board.rows import BoardColumn, Estimate
from genharness.results.members import Members
from genharness.spec.columns import Column

FID = BoardColumn(Column(key="fid", title="FID", higher_is_better=False), "FID")


def estimate(values, errors=(), bands=None):
    records = [record("vae", value, seed=seed) for seed, value in enumerate(values)]
    for one, error in zip(records, errors, strict=False):
        one.errors = {"fid": error}
    return estimate_of(Members(records), FID, bands or {})


def interval(values):
    row = SimpleNamespace(estimates={"fid": estimate(values)})
    with_intervals([row])
    return row.estimates["fid"].interval


def test_the_spread_over_seeds_and_the_error_of_one_evaluation_stand_apart():
    one = estimate([1.0, 3.0], [0.3, 0.4])
    assert (one.mean, one.deviation, one.count) == (2.0, pytest.approx(2**0.5), 2)
    assert one.error == pytest.approx(math.sqrt((0.09 + 0.16) / 2))


def test_what_is_undefined_or_beyond_use_is_no_seed():
    assert estimate([1.0, None, math.inf, 3.0]).values == (1.0, 3.0)
    assert estimate([None]) == Estimate(None, None, 0)


def test_an_interval_is_there_where_it_is_asked_for_and_two_seeds_are():
    assert estimate([1.0, 2.0]).interval is None
    assert interval([1.0]) is interval([None]) is None
    low, high = interval([1.0, 2.0])
    assert low < 1.5 < high


def test_the_mean_is_read_against_the_band():
    bands = {"fid": {"low": 1.0, "high": 2.5, "draws": 40, "count": 10}}
    assert estimate([1.0, 3.0], bands=bands).reading == "as real"
    assert estimate([0.5], bands=bands).reading == "better than real"


def rows(seed_deviation, error, count=6, rows=4):
    return [Estimate(10.0, seed_deviation, count, (), None, error)] * rows


@pytest.mark.parametrize("log", [False, True])
def test_the_share_of_drawing_samples_is_that_of_the_variances(log):
    assert sampling_share(rows(2.0, 1.0), log=log) == pytest.approx(0.25)
    assert sampling_share(rows(1.0, 2.0), log=log) == 1.0


def test_by_ratios_the_errors_of_a_large_score_do_not_outweigh_those_of_small_ones():
    mixed = [*rows(2.0, 1.0), Estimate(1000.0, 200.0, 6, (), None, 200.0)]
    assert sampling_share(mixed, log=False) > 0.9
    assert sampling_share(mixed, log=True) == pytest.approx((4 * 0.01 + 0.04) / (4 * 0.04 + 0.04))


@pytest.mark.parametrize("few", [rows(2.0, 1.0, count=2), rows(2.0, None), rows(0.0, 1.0), rows(None, 1.0, count=1)])
def test_few_seeds_no_errors_and_no_spread_give_no_share(few):
    assert sampling_share(few, log=False) is None
