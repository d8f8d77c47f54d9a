"""Axes hold their values, and ticks are round."""

import random

import pytest

from genharness.figures.scales import Scale, scale_of, time_ticks


def test_every_value_lies_on_its_axis_with_room_on_both_sides():
    rng = random.Random(1)
    for _ in range(500):
        values = [10 ** rng.uniform(-6, 6) for _ in range(rng.randint(1, 9))]
        for log in (None, True, False):
            scale = scale_of(values, log=log)
            places = [scale.at(value) for value in values]
            assert all(0 < place < 1 for place in places), (values, log)
            assert sorted(places) == [scale.at(value) for value in sorted(values)]


def test_an_axis_is_logarithmic_where_values_are_thirty_times_apart():
    assert scale_of([1.0, 31.0]).log
    assert not scale_of([1.0, 29.0]).log
    assert not scale_of([-1.0, 31.0]).log
    assert not scale_of([]).log


def test_noise_does_not_fill_a_cost_axis():
    scale = scale_of([15.0, 18.0], log=True, least=5.0)
    assert scale.high / scale.low >= 5
    assert scale.at(18.0) - scale.at(15.0) < 0.15


@pytest.mark.parametrize("log", [True, False])
def test_ticks_are_on_the_axis_and_few_and_read_as_their_values(log):
    rng = random.Random(2)
    for _ in range(500):
        low = 10 ** rng.uniform(-4, 4)
        scale = Scale(low, low * rng.uniform(1.5, 1e4), log)
        ticks = scale.ticks(6)
        assert 1 <= len(ticks) <= 7
        for value, words in ticks:
            assert scale.low * 0.998 <= value <= scale.high * 1.002
            if words[-1].isdigit() and "e" not in words:
                assert float(words.replace("\u202f", "")) == pytest.approx(value, rel=1e-6)


def test_time_ticks_are_times_that_people_say():
    words = [word.replace("\u202f", " ") for _, word in time_ticks(Scale(8.0, 4000.0, True), most=20)]
    assert words == ["10 s", "20 s", "30 s", "1 min", "2 min", "5 min", "10 min", "20 min", "30 min", "1 h"]
    assert [word.replace("\u202f", " ") for _, word in time_ticks(Scale(1e5, 1e6, True))] == ["2 d", "5 d", "10 d"]
