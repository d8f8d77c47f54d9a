"""Real samples that faults are planted into."""

import numpy as np
import pytest

from genharness.selfcheck.real_samples import RealSamples

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 1, 4, 4), dtype=np.uint8)
ROWS = np.random.default_rng(0).normal(5, 2, (30, 3)).astype(np.float32)


def material(samples, count=8):
    return RealSamples(fresh=samples[:12], labels=None, train=samples[12:], train_labels=None, count=count, seed=0)


@pytest.mark.parametrize("samples", [IMAGES, ROWS], ids=["images", "rows"])
def test_what_a_fault_makes_is_of_the_samples_kind(samples):
    one = material(samples)
    for made in (one.noise(7), one.jittered(one.samples, 0.1), one.like(one.mean[None])):
        assert made.dtype == samples.dtype
        assert made.shape[1:] == samples.shape[1:]
    assert len(one.noise(7)) == 7


def test_images_are_cut_to_their_levels():
    assert material(IMAGES).like(np.array([-3.0, 12.6, 300.0])).tolist() == [0, 13, 255]


def test_noise_on_rows_spans_three_deviations_of_each_column():
    one = material(ROWS)
    noise = one.noise(5000)
    assert np.allclose(noise.min(0), one.mean - 3 * one.scale, atol=0.05)
    assert np.allclose(noise.max(0), one.mean + 3 * one.scale, atol=0.05)


def test_few_samples_are_repeated_until_they_are_enough():
    repeated, chosen = material(ROWS).repeated(ROWS[:3])
    assert chosen.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert (repeated == ROWS[chosen]).all()


def test_every_fault_draws_alike():
    assert (material(ROWS).noise(5) == material(ROWS).noise(5)).all()
