import math

import pytest
import torch

from genharness import DataShape
from genharness.kit.dequantise import GreyLevels

COUNTS = [2, 17, 256]


def every_level(levels):
    return levels.images(torch.arange(levels.count))


@pytest.mark.parametrize("count", COUNTS)
def test_levels_span_images_and_come_back(count):
    levels = GreyLevels(count)
    images = every_level(levels)
    assert (float(images[0]), float(images[-1])) == pytest.approx((-1, 1))
    assert torch.equal(levels.indices(images), torch.arange(count))


@pytest.mark.parametrize("count", COUNTS)
def test_a_dequantised_level_stays_in_its_part_and_falls_back(count):
    levels = GreyLevels(count)
    images = every_level(levels)
    for u in (0.0, 0.5, 0.999):
        y = levels.dequantise(images, torch.full_like(images, u))
        assert (y >= torch.arange(count) / count).all()
        assert (y < torch.arange(1, count + 1) / count + 1e-6).all()
        assert torch.equal(levels.quantise(y), images)


def test_what_leaves_the_unit_interval_falls_into_the_outer_levels():
    assert GreyLevels(17).quantise(torch.tensor([-3.0, 0.0, 1.0, 7.0])).tolist() == [-1, -1, 1, 1]


@pytest.mark.parametrize("count", COUNTS)
def test_a_uniform_density_costs_the_logarithm_of_the_levels(count):
    assert GreyLevels(count).bits_per_dim(torch.zeros(3), 7).tolist() == pytest.approx([math.log2(count)] * 3)


def test_bits_are_those_of_a_histogram_that_the_density_spreads():
    """A density that is constant on every level gives the entropy of the levels in bits, whatever the noise."""
    chances = torch.tensor([0.7, 0.2, 0.1])
    levels = GreyLevels(3)
    pixels = levels.images(torch.multinomial(chances, 5000, replacement=True).view(50, 100))
    y = levels.dequantise(pixels, levels.uniform(pixels))
    log_density = (chances[(y * 3).long()] * 3).log().sum(1)
    expected = -(chances.log2()[levels.indices(pixels)]).mean(1)
    assert torch.allclose(levels.bits_per_dim(log_density, 100), expected, atol=1e-5)


def test_the_levels_are_those_of_the_data():
    assert GreyLevels.of(DataShape("image", (1, 8, 8), levels=17)).count == 17
    assert GreyLevels.of(DataShape("image", (1, 8, 8))).count == 256


@pytest.mark.parametrize("count", [2, 17, 256])
def test_spread_images_are_uniform_over_the_width_of_their_level(count):
    levels = GreyLevels(count)
    x = levels.images(torch.full((20_000,), count // 2))
    away = levels.spread(x, torch.Generator().manual_seed(0)) - x
    assert float(away.abs().max()) <= levels.spacing / 2 + 1e-6
    assert float(away.std()) == pytest.approx(levels.spacing / 12**0.5, rel=0.02)
    assert float(away.mean()) == pytest.approx(0, abs=levels.spacing / 50)
