"""Diversity by a perceptual distance, beside a direct loop over lpips."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from genharness.functional.lpips_diversity import LpipsDiversity, lpips_diversity
from genharness.functional.pairs import random_pairs, random_pairs_within


def images(n=10, channels=3, side=64):
    return np.random.default_rng(0).integers(0, 256, (n, channels, side, side), dtype=np.uint8)


def mean_difference(a, b):
    return (a - b).abs().flatten(1).mean(1)


@pytest.fixture(scope="module")
def random_lpips():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchvision's old arguments, which lpips passes
        import lpips

        torch.manual_seed(0)
        return lpips.LPIPS(pretrained=False, pnet_rand=True, net="squeeze", verbose=False).eval()


def scaled(image):
    return torch.from_numpy(image)[None].float() / 127.5 - 1


@pytest.mark.parametrize("channels", [1, 3])
def test_the_mean_is_that_of_a_direct_loop_over_lpips(random_lpips, channels):
    given = images(8, channels)
    found = lpips_diversity(given, random_lpips, pairs=9, seed=5, batch=4)
    i, j = random_pairs(8, 9, np.random.default_rng([5, 0]))
    with torch.no_grad():
        shown = [scaled(image).repeat(1, 3 // channels, 1, 1) for image in given]
        loop = [random_lpips(shown[a], shown[b]).item() for a, b in zip(i, j, strict=True)]
    assert found.overall == pytest.approx(np.mean(loop), rel=1e-5)
    assert abs(found.overall) > 1e-3  # random weights may be negative
    assert found.pairs == 9


def test_within_class_is_the_mean_over_classes_of_a_direct_loop():
    given, labels = images(9), np.array([0, 1, 1, 0, 1, 0, 0, 2, 1])
    found = lpips_diversity(given, mean_difference, labels=labels, pairs=4, seed=2)
    classes = random_pairs_within(labels, 4, np.random.default_rng([2, 1]))
    means = [
        np.mean([mean_difference(scaled(given[a]), scaled(given[b])).item() for a, b in zip(i, j, strict=True)])
        for i, j in classes
    ]
    assert len(classes) == 2
    assert found.within_class == pytest.approx(np.mean(means))


def test_a_collapsed_generator_scores_zero():
    one = np.repeat(images(1), 12, 0)
    assert lpips_diversity(one, mean_difference) == LpipsDiversity(0.0, None, 66, 0.0, None)


def test_one_image_a_class_is_diverse_overall_and_not_within_classes():
    labels = np.repeat([0, 1, 2], 5)
    found = lpips_diversity(images(3)[labels], mean_difference, labels=labels)
    assert found.within_class == 0
    assert found.overall > 0.1


def test_the_draw_repeats_with_its_seed():
    given = images(30, side=8)
    scores = [lpips_diversity(given, mean_difference, pairs=20, seed=seed).overall for seed in (1, 1, 2)]
    assert scores[0] == scores[1] != scores[2]


def test_batches_change_nothing():
    given = images(12, side=8)
    scores = [lpips_diversity(given, mean_difference, pairs=30, batch=batch).overall for batch in (1, 7, 100)]
    assert scores == pytest.approx([scores[0]] * 3, rel=1e-12)


@pytest.mark.parametrize(
    ("given", "options", "error", "message"),
    [
        (images(1), {}, ValueError, "images must be at least 2"),
        (images(4, channels=2), {}, ValueError, "images must have 1 or 3 channels, not 2"),
        (images(4) / 255, {}, TypeError, "images must be uint8"),
        (images(4), {"labels": np.zeros(3)}, ValueError, r"labels must be \(4,\)"),
        (images(4), {"labels": np.arange(4)}, ValueError, "no two of 4 samples in one class"),
        (images(4), {"pairs": 0}, ValueError, "pairs must be at least 1"),
    ],
)
def test_bad_arguments_are_named(given, options, error, message):
    with pytest.raises(error, match=message):
        lpips_diversity(given, mean_difference, **options)


def test_a_distance_that_returns_a_map_is_refused():
    with pytest.raises(ValueError, match="distance must return one number a pair"):
        lpips_diversity(images(4), lambda a, b: a - b)
