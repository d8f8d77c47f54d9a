"""Numbers show what their errors allow."""

import math
import random

import pytest

from genharness.figures.numbers import decimals_of_column, number, plus_minus, short, significant


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (8.96, 0.412, ("9.0", "0.4")),
        (18.29, 1.71, ("18.3", "1.7")),
        (29.7, 5.1, ("30", "5")),
        (22.594, 0.030, ("22.6", "<0.1")),
        (0.18812, 0.00002, ("0.188", "<0.001")),
        (1234.0, 56.0, ("1230", "60")),
        (0.357, 0.0996, ("0.36", "0.10")),
        (-2.328, 0.11, ("\N{MINUS SIGN}2.33", "0.11")),
        (6.15, None, ("6.15", "")),
    ],
)
def test_decimals_come_from_the_error_and_three_digits_of_the_value(value, error, shown):
    assert plus_minus(value, error) == shown


def test_an_error_keeps_two_digits_up_to_354_one_up_to_949_and_goes_up_beyond():
    for error in (float(whole) / 1000 for whole in range(100, 1000) if whole not in (354, 949, 950)):
        _, text = plus_minus(0.1, error)
        digits = len(text.lstrip("0.").replace(".", ""))
        assert digits == (2 if error < 0.3545 or error >= 0.9495 else 1), (error, text)


def test_a_shown_value_is_never_further_off_than_half_of_its_last_place():
    rng = random.Random(0)
    for _ in range(2000):
        value, error = rng.uniform(-1, 1) * 10 ** rng.randint(-4, 6), 10 ** rng.uniform(-5, 5)
        text, _ = plus_minus(value, error)
        off = abs(float(text.replace("\N{MINUS SIGN}", "-").replace("\u202f", "")) - value)
        assert off <= max(error * 0.55, abs(value) * 0.0051, 0.5 * 10.0 ** -_decimals(text))


def _decimals(text):
    return len(text.partition(".")[2])


def test_a_linear_column_has_the_decimals_of_its_median_error_three_at_most():
    assert decimals_of_column([0.1, 0.9], [0.018, 0.002, 0.03]) == 3
    assert decimals_of_column([0.1, 0.9], [0.4, 0.5, 0.6]) == 1
    assert decimals_of_column([10.0, 6.0], []) == 2
    assert decimals_of_column([], []) == 3


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (43_093, "43.1k"),
        (1_690_000, "1.69M"),
        (640, "640"),
        (999_900, "1M"),
        (0, "0"),
        (2.5e9, "2.5G"),
        (0.25, "0.250"),
    ],
)
def test_counts_are_short(value, shown):
    assert short(value) == shown


def test_signs_thousands_and_what_is_no_number():
    assert number(-12345.6) == "\N{MINUS SIGN}12\u202f346"
    assert number(1234.0) == "1234"
    assert [number(one) for one in (math.inf, -math.inf, math.nan)] == ["∞", "\N{MINUS SIGN}∞", "\N{EN DASH}"]
    assert significant(0.0) == "0.00"
    assert number(-0.0001, 2) == "0.00"
