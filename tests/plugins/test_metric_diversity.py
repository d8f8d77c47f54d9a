"""Diversity over an evaluation."""

import numpy as np
import pytest

from evaluations import row_evaluation
from genharness_metric_diversity import PairsConfig, VendiConfig
from genharness_metric_diversity.diversity import PairSsim, Vendi

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 1, 16, 16), dtype=np.uint8)
ALIKE = np.repeat(IMAGES[:1], 40, axis=0)


def vendi(rows, **options):
    return Vendi(VendiConfig(**options)).compute(row_evaluation(real=rows, fake=rows))["vendi"]


@pytest.mark.parametrize("kinds", [1, 3, 6])
def test_vendi_counts_kinds_that_have_nothing_in_common(kinds):
    assert vendi(np.repeat(np.eye(6)[:kinds], 4, axis=0)) == pytest.approx(kinds)


def test_of_samples_that_are_sorted_by_class_all_classes_are_looked_at():
    assert vendi(np.repeat(np.eye(4), 500, axis=0), count=400) == pytest.approx(4, rel=0.02)


def pair_ssim(fake, **options):
    return PairSsim(PairsConfig(**options)).compute(row_evaluation(real=IMAGES, fake=fake))


def test_a_collapsed_model_makes_pairs_that_are_alike_and_real_ones_stand_beside():
    collapsed, sound = pair_ssim(ALIKE), pair_ssim(IMAGES)
    assert collapsed["pair_ssim"] == pytest.approx(1)
    assert sound["pair_ssim"] == sound["pair_ssim_real"] == collapsed["pair_ssim_real"] < 0.2
