"""The Inception Score: torch-fidelity's numbers and the values that theory gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genharness.functional.inception_score import inception_score
from genharness.functional.sampling_error import jackknife_error


def logits(n, classes, scale=3.0, dtype=np.float64, seed=0):
    return (np.random.default_rng(seed).standard_normal((n, classes)) * scale).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize(("n", "classes", "splits"), [(10, 2, 10), (103, 10, 10), (500, 1008, 7), (2000, 10, 1)])
def test_torch_fidelity_agrees(n, classes, splits, shuffle, dtype):
    peer = pytest.importorskip("torch_fidelity.metric_isc")
    values = logits(n, classes, dtype=dtype)
    expected = peer.isc_features_to_metric(torch.from_numpy(values), splits, shuffle, 2020)
    ours = inception_score(values, splits=splits, shuffle=shuffle)
    assert ours.mean == pytest.approx(expected[peer.KEY_METRIC_ISC_MEAN], rel=1e-12)
    assert ours.std == pytest.approx(expected[peer.KEY_METRIC_ISC_STD], rel=1e-6, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "classes"), [(32768, 1008), (32768, 2)])
def test_torch_fidelity_agrees_on_many_samples(n, classes):
    peer = pytest.importorskip("torch_fidelity.metric_isc")
    values = logits(n, classes, dtype=np.float32)
    expected = peer.isc_features_to_metric(torch.from_numpy(values).double(), 10, True, 2020)
    assert inception_score(values).mean == pytest.approx(expected[peer.KEY_METRIC_ISC_MEAN], rel=1e-6)


def test_another_seed_shuffles_as_torch_fidelity_does():
    peer = pytest.importorskip("torch_fidelity.metric_isc")
    expected = peer.isc_features_to_metric(torch.from_numpy(logits(300, 10)), 10, True, 5)
    assert inception_score(logits(300, 10), seed=5).mean == pytest.approx(expected[peer.KEY_METRIC_ISC_MEAN], rel=1e-12)


def test_certain_and_varied_predictions_score_the_number_of_classes():
    score = inception_score(1000 * np.tile(np.eye(7), (50, 1)), splits=5, shuffle=False)
    assert score.mean == pytest.approx(7, rel=1e-12)
    assert score.std == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("row", [np.zeros(7), 1000 * np.eye(7)[3], np.arange(7.0)])
def test_a_collapsed_generator_scores_1(row):
    assert inception_score(np.tile(row, (60, 1))).mean == pytest.approx(1, rel=1e-12)


def test_a_class_without_any_probability_counts_nothing():
    seen = logits(200, 5)
    unseen = np.concatenate([seen, np.full((200, 1), -2000.0)], axis=1)
    assert inception_score(unseen).mean == pytest.approx(inception_score(seen).mean, rel=1e-12)


def test_sorted_samples_need_the_shuffle():
    by_class = 1000 * np.repeat(np.eye(10), 30, axis=0)
    assert inception_score(by_class, shuffle=False).mean == pytest.approx(1, rel=1e-12)
    assert inception_score(by_class).mean > 8


def test_halving_the_modes_halves_the_score():
    labels = np.arange(1000) % 10
    full, half = (inception_score(1000 * np.eye(10)[shown], splits=1) for shown in (labels, labels // 2))
    assert (full.mean, half.mean) == (pytest.approx(10, rel=1e-12), pytest.approx(5, rel=1e-12))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    n=st.integers(1, 60),
    classes=st.integers(1, 20),
    scale=st.sampled_from([0.0, 0.1, 3.0, 300.0]),
)
def test_scores_lie_between_1_and_the_number_of_classes(seed, n, classes, scale):
    score = inception_score(logits(n, classes, scale, seed=seed), splits=1)
    assert 1 - 1e-9 <= score.mean <= classes * (1 + 1e-9)
    assert score.std == 0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16), shift=st.floats(-100, 100))
def test_a_constant_added_to_all_logits_changes_nothing(seed, shift):
    values = logits(40, 6, seed=seed)
    assert inception_score(values + shift).mean == pytest.approx(inception_score(values).mean, rel=1e-9)


def test_tensors_and_arrays_give_the_same():
    values = logits(100, 10, dtype=np.float32)
    assert inception_score(torch.tensor(values, requires_grad=True)) == inception_score(values)


@pytest.mark.gpu
def test_cuda_gives_the_same():
    values = logits(1000, 1008, dtype=np.float32)
    on_gpu = inception_score(torch.from_numpy(values).cuda())
    assert on_gpu.mean == pytest.approx(inception_score(values).mean, rel=1e-9)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (logits(9, 3), {}, "splits must be at most the number of samples 9, not 10"),
        (logits(9, 3), {"splits": 0}, "splits must be at least 1, not 0"),
        (logits(0, 3), {}, "logits must be a matrix"),
        (logits(9, 3)[0], {}, "logits must be a matrix"),
        (logits(9, 3) * [1, np.nan, 1], {}, r"logits holds nan at \[0, 1\]"),
        (logits(9, 3) * [1, np.inf, 1], {}, r"logits holds -?inf at \[0, 1\]"),
    ],
)
def test_unusable_logits_are_named(values, options, message):
    with pytest.raises(ValueError, match=message):
        inception_score(values, **options)


def test_the_error_is_that_of_the_jackknife():
    values = logits(200, 5)
    left_out = [inception_score(np.delete(values, j, 0), splits=1).mean for j in range(200)]
    assert inception_score(values, splits=1).error == pytest.approx(jackknife_error(left_out), rel=0.02)


def test_the_error_of_splits_is_that_of_a_mean_of_independent_scores():
    values = logits(200, 5)
    parts = [inception_score(part, splits=1).error for part in np.split(values, 4)]
    found = inception_score(values, splits=4, shuffle=False)
    assert found.error == pytest.approx(np.sqrt(np.square(parts).sum()) / 4)
