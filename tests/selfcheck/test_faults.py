"""What each planted fault does to real samples."""

import numpy as np
import pytest

from genharness.selfcheck.faults import FAULTS
from genharness.selfcheck.real_samples import RealSamples

BY_NAME = {fault.name: fault for fault in FAULTS}
COUNT = 100


def material(images):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 400)
    if images:
        samples = (rng.integers(0, 60, (400, 3, 16, 16)) + 30 * labels[:, None, None, None]).astype(np.uint8)
    else:
        samples = (rng.normal(size=(400, 6)) @ rng.normal(size=(6, 6)) + labels[:, None]).astype(np.float32)
    return RealSamples(
        fresh=samples[:200],
        labels=labels[:200],
        train=samples[200:],
        train_labels=labels[200:],
        count=COUNT,
        seed=0,
    )


CASES = [(fault, modality == "image") for fault in FAULTS for modality in fault.modalities]


@pytest.mark.parametrize(("fault", "images"), CASES, ids=lambda one: getattr(one, "name", one))
def test_a_fault_gives_as_many_samples_of_the_same_kind_with_classes_and_changes_something(fault, images):
    one = material(images)
    before = one.fresh.copy()
    planted = fault.plant(one)
    samples, labels = planted["fake"]
    assert (samples.shape, samples.dtype) == (one.samples.shape, one.samples.dtype)
    assert np.isfinite(samples).all()
    assert len(labels) == COUNT
    as_before = np.array_equal(samples, one.samples) and np.array_equal(labels, one.labels[:COUNT])
    assert not as_before or not np.array_equal(planted["real"][0], one.train)
    assert np.array_equal(before, one.fresh)


def planted(name, images=False):
    one = material(images)
    return one, *BY_NAME[name].plant(one)["fake"]


def share_of(rows, known):
    return np.mean([(row == known).reshape(len(known), -1).all(1).any() for row in rows])


@pytest.mark.parametrize(("name", "share"), [("copies", 1.0), ("some copies", 0.1), ("near copies", 0.0)])
@pytest.mark.parametrize("images", [True, False])
def test_copies_are_training_rows(name, share, images):
    one, samples, _ = planted(name, images)
    assert share_of(samples, one.train) == share


def test_near_copies_are_near():
    one, samples, _ = planted("near copies")
    nearest = np.linalg.norm((samples[:, None] - one.train[None]) / one.scale, axis=2).min(1)
    assert nearest.max() < 0.06


@pytest.mark.parametrize(("name", "left"), [("one mode", 1), ("half the modes", 2), ("dropped mode", 4)])
def test_classes_are_missing(name, left):
    _, _, labels = planted(name)
    assert set(labels) == set(range(left))


def test_copies_bring_their_classes():
    one, samples, labels = planted("copies")
    for row, label in zip(samples[:20], labels, strict=False):
        assert label in one.train_labels[(one.train == row).all(1)]


@pytest.mark.parametrize(("name", "bad"), [("noise", 100), ("half noise", 50), ("noise mixed in", 10)])
def test_the_share_of_noise_is_as_stated(name, bad):
    one, samples, _ = planted(name)
    assert (samples != one.samples).all(1).sum() == bad


def test_duplicates_come_ten_times():
    _, samples, _ = planted("duplicates")
    assert np.unique(samples, axis=0, return_counts=True)[1].tolist() == [10] * 10


def test_wrong_labels_are_a_permutation_of_the_right_ones():
    one, samples, labels = planted("wrong labels")
    assert (samples == one.samples).all()
    assert sorted(labels) == sorted(one.labels[:COUNT])
    assert (labels != one.labels[:COUNT]).mean() > 0.5


@pytest.mark.parametrize("images", [True, False])
def test_swapped_sets_are_those_of_shrunk_samples_exchanged(images):
    one = material(images)
    found = BY_NAME["swapped"].plant(one)
    assert np.array_equal(found["fake"][0], one.samples)
    assert found["real"][0].std(axis=0).mean() == pytest.approx(one.train.std(axis=0).mean() / 2, rel=0.02)


def test_an_outlier_is_planted_among_the_reference_alone():
    one = material(images=False)
    real, _ = BY_NAME["outlier"].plant(one)["real"]
    assert (real != one.train).any(1).tolist() == [True] + [False] * 199
    assert (np.abs(real[0] - one.mean) > 50 * one.scale).all()


def test_shrinking_and_spreading_change_the_deviation_and_not_the_mean():
    for name, factor in (("shrunk", 0.5), ("spread", 1.5)):
        one, samples, _ = planted(name)
        assert np.allclose(samples.std(0), factor * one.samples.std(0), rtol=1e-4)


def test_columns_apart_keep_every_column_and_lose_correlations():
    one, samples, _ = planted("columns apart")
    assert np.allclose(np.sort(samples, 0), np.sort(one.samples, 0))
    between = [np.abs(np.corrcoef(rows.T)[np.triu_indices(6, 1)]).max() for rows in (one.samples, samples)]
    assert between[1] < 0.4 < between[0]


def test_a_translation_is_a_pixel_at_least():
    one, samples, _ = planted("translation", images=True)
    assert (samples[..., 1:] == one.samples[..., :-1]).all()


def test_names_are_different():
    assert len(BY_NAME) == len(FAULTS)
