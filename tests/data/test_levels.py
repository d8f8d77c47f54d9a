import numpy as np
import pytest

from genharness.data import ensure_prepared
from genharness.data.levels import grey_levels
from genharness.plugin.registry import load_registry
from genharness.testing import synthetic_data


def of_levels(count, shape=(40, 1, 6, 6), seed=0):
    chosen = np.random.default_rng(seed).integers(0, count, shape)
    chosen.flat[:count] = np.arange(count)
    return np.rint(chosen * (255 / (count - 1))).astype(np.uint8)


@pytest.mark.parametrize("count", [2, 3, 16, 17, 100, 256])
def test_evenly_spaced_levels_are_counted(count):
    assert grey_levels(of_levels(count)) == count


def test_levels_in_between_count_though_nothing_is_on_them():
    assert grey_levels(np.array([[0, 51, 255]], np.uint8)) == 6


@pytest.mark.parametrize("value", [0, 7, 255])
def test_a_single_value_has_the_fewest_levels_that_hold_it(value):
    levels = grey_levels(np.full((3, 1, 2, 2), value, np.uint8))
    assert 2 <= levels <= 256
    assert value in np.rint(np.arange(levels) * (255 / (levels - 1)))


def test_the_last_value_of_large_data_counts():
    images = np.zeros((3, 1, 1024, 1024), np.uint8)
    images[-1, -1, -1, -1] = 1
    assert grey_levels(images[:2]) == 2
    assert grey_levels(images) > 128


def test_models_are_told_the_levels_of_their_data():
    digits = load_registry().datasets.find("digits")
    assert ensure_prepared(digits, "digits").shape.levels == 17
    assert synthetic_data().shape.levels == 256
    assert synthetic_data(tabular=True).shape.levels == 256
