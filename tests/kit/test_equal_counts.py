"""Draws of equally many samples."""

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness.kit.equal_counts import draw_of, equal_draws


def evaluation(real, fake, **options):
    return row_evaluation(real=np.arange(2.0 * real).reshape(real, 2), fake=np.zeros((fake, 2)), **options)


@pytest.mark.parametrize(
    ("real", "fake", "most", "count"),
    [(30, 20, 0, 20), (20, 30, 0, 20), (30, 20, 12, 12), (30, 20, 25, 20), (20, 20, 20, 20)],
)
def test_both_sides_have_the_smaller_number_and_the_limit_at_most(real, fake, most, count):
    first, second = equal_draws(evaluation(real, fake), most)
    for draw, size in ((first, real), (second, fake)):
        drawn = draw.of(np.arange(size))
        assert draw.count == len(drawn) == count
        assert (np.diff(drawn) > 0).all()


def test_a_draw_is_not_the_first_rows_and_follows_the_seed():
    draws = [equal_draws(evaluation(500, 20, seed=seed))[0] for seed in (0, 0, 1)]
    rows = [draw.of(np.arange(500)).tolist() for draw in draws]
    assert rows[0] == rows[1] != rows[2]
    assert max(rows[0]) > 400


def test_the_sets_are_drawn_apart():
    first, second = (draw.of(np.arange(50)).tolist() for draw in equal_draws(evaluation(50, 50), 10))
    assert first != second


@pytest.mark.parametrize(("most", "count"), [(0, 30), (12, 12), (30, 30), (99, 30)])
def test_a_draw_of_one_set_is_as_large_as_the_limit_and_the_set_allow(most, count):
    draw = draw_of(evaluation(30, 20), "real", most)
    assert draw.count == len(np.unique(draw.of(np.arange(30)))) == count


def test_a_draw_of_a_set_that_is_sorted_reaches_all_of_it():
    draw = draw_of(evaluation(1000, 20), "real", 100)
    assert np.bincount(draw.of(np.arange(1000)) // 100, minlength=10).min() > 2
