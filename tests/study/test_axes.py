"""Several values of one option: lists, ranges and tables, read and refused."""

import dataclasses
import math
import time
from pathlib import Path

import numpy as np
import pytest

from genharness.errors import ConfigError
from genharness.spec.options import option, options_of
from genharness.study.axes import MOST_VALUES, checked_values, has_several, listed_values, swept_values


@dataclasses.dataclass(frozen=True)
class Config:
    lr: float = option(1e-3, above=0, high=1, help="a number")
    latent: int = option(8, low=1, high=4096, help="a whole number")
    widths: tuple[int, ...] = option((1, 2), help="a list")
    norm: str = option("batch", choices=("batch", "layer"), help="a choice")
    name: str = option("", help="any text")
    ema: float | None = option(None, low=0, help="a number or none")
    file: Path | None = option(None, help="a path")


KNOWN = {one.name: one for one in options_of(Config)}


def swept(name, written):
    return checked_values(f"m.{name}", KNOWN[name], swept_values(f"m.{name}", KNOWN[name], written))


@pytest.mark.parametrize(
    ("name", "written", "values"),
    [
        ("lr", "1e-4, 2e-4", [1e-4, 2e-4]),
        ("lr", "0.1..0.5:5", [0.1, 0.2, 0.3, 0.4, 0.5]),
        ("lr", "0.1..0.5:linear:3", [0.1, 0.3, 0.5]),
        ("lr", {"low": 0.1, "high": 0.5, "points": 3}, [0.1, 0.3, 0.5]),
        ("latent", "8..128:log:5", [8, 16, 32, 64, 128]),
        ("latent", {"low": 8, "high": 128, "log": True, "points": 5}, [8, 16, 32, 64, 128]),
        ("latent", [8, "16", 8.0], [8, 16, 8]),
        ("latent", 8, [8]),
        ("norm", "layer,batch", ["layer", "batch"]),
        ("name", "a,b", ["a", "b"]),
        ("ema", "none,0.99", [None, 0.99]),
        ("widths", [[1, 2], "1,2,2"], [(1, 2), (1, 2, 2)]),
        ("widths", [1, 2], [(1, 2)]),
    ],
)
def test_values_are_read_as_their_option_has_them(name, written, values):
    assert swept(name, written) == (values, [])


@pytest.mark.parametrize(
    ("low", "high", "points"), [(1e-5, 1e-2, 4), (1e-5, 1e-2, 5), (0.9, 0.90001, 7), (3e-7, 1, 100)]
)
def test_a_logarithmic_range_has_equal_ratios_and_its_exact_ends(low, high, points):
    (values, mistakes) = swept("lr", f"{low!r}..{high!r}:log:{points}")
    assert not mistakes
    assert (values[0], values[-1], len(values)) == (low, high, points)
    for place, value in enumerate(values):
        assert math.isclose(value, low * (high / low) ** (place / (points - 1)), rel_tol=1e-3)


def test_a_narrow_range_has_as_many_digits_as_keep_its_points_apart_and_inside():
    values, _ = swept("lr", "0.99999..0.999999:4")
    assert values == sorted(set(values))
    assert max(values) == 0.999999


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("lr", "1e-2..1e-5:log:5", "the range of m.lr must go from a number to a larger one"),
        ("lr", "1e-2..1e-2:5", "must go from a number to a larger one"),
        ("lr", "1e-5..2:log:5", "m.lr to high=2 is out of range: it must be > 0, <= 1"),
        ("lr", "a..b:5", "m.lr from low=a is not a number"),
        ("lr", "0.1..0.5:1", "has 1 points: at least 2"),
        ("lr", f"0.1..0.5:{MOST_VALUES + 1}", "at least 2, at most"),
        ("lr", "0.1..0.5:1000000000", "the range of m.lr has 1000000000 points: at least 2, at most 10,000"),
        ("lr", "0.1...5:3", "m.lr=0.1...5:3 is no range"),
        ("ema", "0..0.9:log:3", "is logarithmic and begins at 0: it must begin above 0"),
        ("latent", "1..4:5", "has only 4 whole numbers at its 5 points"),
        ("norm", {"low": 1, "high": 2, "points": 2}, "m.norm is no number, and has no range"),
        ("lr", {"low": 0.1, "high": 0.5}, "the range of m.lr lacks points"),
        (
            "lr",
            {"low": 0.1, "high": 0.5, "points": 3, "lag": True},
            "no 'lag' in its range; did you mean 'log'?",
        ),
        ("lr", {"low": 0.1, "high": 0.5, "points": 2.5}, "must have a whole number of points"),
        ("lr", {"low": 0.1, "high": 0.5, "points": 3, "log": "yes"}, "log = true or false"),
        ("ema", "none..0.9:3", "must go from a number to a larger one"),
        ("latent", "2..32", "m.latent=2..32 is no range: write LOW..HIGH:POINTS, or LOW..HIGH:log:POINTS"),
        ("lr", "1e-5..1e-2:log", "m.lr=1e-5..1e-2:log is no range: write LOW..HIGH:POINTS"),
        ("lr", "1e-5..1e-2:5:log", "m.lr=1e-5..1e-2:5:log is no range: write LOW..HIGH:POINTS"),
    ],
)
def test_a_range_that_cannot_be_is_refused_in_one_line(name, written, message):
    with pytest.raises(ConfigError) as caught:
        swept(name, written)
    (line,) = caught.value.lines
    assert message in line


def test_every_value_that_does_not_fit_is_named_and_the_others_kept():
    assert swept("latent", "8,0,16,x") == (
        [8, 16],
        ["m.latent=0 is out of range: it must be >= 1, <= 4096", "m.latent=x is not a whole number"],
    )


@pytest.mark.parametrize("written", ["", ",", []])
def test_an_empty_axis_is_refused(written):
    assert swept("lr", written) == ([], ["m.lr has no values: give it one or several"])


@pytest.mark.parametrize("written", ["1,", [None], [[1]]])
def test_an_axis_with_a_gap_or_a_list_in_it_is_refused(written):
    values, (line,) = swept("lr", written)
    assert not values
    assert line.endswith("is no list of values: write one, or several with commas between")


@pytest.mark.parametrize(
    ("name", "written", "several"),
    [
        ("lr", "1,2", True),
        ("lr", "0.1..0.2:3", True),
        ("lr", "2..1:3", True),
        ("lr", "0.1..0.2", True),
        ("file", "../x", False),
        ("lr", [1], True),
        ("lr", "1", False),
        ("norm", "batch,layer", True),
        ("name", "a,b", False),
        ("name", "1..2:3", False),
        ("file", "a,b", False),
        ("widths", "1,2", False),
        ("widths", [1, 2], False),
    ],
)
def test_a_setting_lists_values_where_commas_can_be_no_part_of_one(name, written, several):
    assert has_several(KNOWN[name], written) == several


def test_nothing_is_known_of_an_unknown_option():
    assert listed_values(None, "1,2") is None


def test_arrays_and_numbers_of_numpy_are_lists_and_numbers():
    assert swept("lr", np.array([0.1, 0.01])) == ([0.1, 0.01], [])
    assert swept("latent", [np.int64(4), np.int32(8)]) == ([4, 8], [])
    assert listed_values(KNOWN["lr"], np.array([0.1, 0.01])) == [0.1, 0.01]
    assert listed_values(KNOWN["lr"], np.float32(0.5)) is None
    _, mistakes = swept("lr", np.array([0.1, np.nan]))
    assert mistakes == ["m.lr=nan is not a number"]


def test_thousands_of_values_are_read_in_no_time():
    values = [1 + place % 4000 for place in range(MOST_VALUES)]
    found, mistakes = swept("latent", values)
    assert (found, mistakes) == (values, [])


@pytest.mark.parametrize("written", ["1.." * 30_000, "1" + " " * 50_000 + "..", "1..2" + ":" * 50_000])
def test_a_long_text_that_is_no_range_is_refused_at_once(written):
    begin = time.process_time()
    with pytest.raises(ConfigError, match=r"m.lr=1.* is no range: write LOW..HIGH:POINTS"):
        swept_values("m.lr", KNOWN["lr"], written)
    assert time.process_time() - begin < 2


def test_a_range_with_fewer_numbers_than_points_is_refused_and_not_shortened():
    between = {"low": 0.1, "high": math.nextafter(math.nextafter(0.1, 1), 1), "points": 5}
    with pytest.raises(ConfigError, match=r"the range of m.lr has fewer numbers than its 5 points: ask for fewer"):
        swept_values("m.lr", KNOWN["lr"], between)
    assert len(swept_values("m.lr", KNOWN["lr"], between | {"points": 3})) == 3
