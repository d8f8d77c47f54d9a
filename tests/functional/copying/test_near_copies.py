"""Excess near copies: planted copies are counted, and what only shrinks or differs is not taken for them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genharness.functional.copying.near_copies import CopyStandard, near_copies
from genharness.functional.memorisation import authenticity


def normal(seed, n=1000, d=64):
    return np.random.default_rng(seed).normal(size=(n, d))


TRAIN, TEST = normal(0), normal(1)


def with_copies(share, noise=0.0, train=TRAIN, n=1000, seed=2):
    rng = np.random.default_rng(seed)
    fake = rng.normal(size=(n, train.shape[1]))
    count = int(share * n)
    fake[:count] = train[rng.integers(0, len(train), count)] + noise * rng.normal(size=(count, train.shape[1]))
    return fake


@pytest.mark.parametrize("noise", [0.0, 0.2])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 1.0])
def test_the_share_of_planted_copies_is_counted(share, noise):
    found = near_copies(TRAIN, TEST, with_copies(share, noise))
    assert found.excess == pytest.approx(share, abs=0.02 + 0.05 * share)
    assert found.closer_to_train == pytest.approx(0.5 + share / 2, abs=0.06)


@pytest.mark.parametrize("train", [300, 1700, 5000])
@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_splits_of_unlike_sizes_count_every_copy(train, share):
    known = normal(5, train)
    found = near_copies(known, TEST, with_copies(share, train=known))
    assert found.excess == pytest.approx(share, abs=0.03)
    assert found.closer_to_train == pytest.approx(0.5 + share / 2, abs=0.12)


@pytest.mark.parametrize(
    "fake", [0.3 * normal(3), 0.8 * normal(3), normal(3) + 0.3, np.zeros((500, 64)), 9 * normal(3)]
)
def test_what_shrinks_shifts_or_collapses_is_no_copy(fake):
    found = near_copies(TRAIN, TEST, fake)
    assert abs(found.excess) < 4 * max(found.error, 0.005)


def test_authenticity_cannot_tell_collapse_from_copies_and_the_excess_can():
    collapsed, copies = 0.3 * normal(3), with_copies(1.0)
    assert authenticity(TRAIN, collapsed) == authenticity(TRAIN, copies) == 0
    assert near_copies(TRAIN, TEST, collapsed).excess == pytest.approx(0, abs=0.01)
    assert near_copies(TRAIN, TEST, copies).excess > 0.97


def test_held_out_data_has_no_excess_within_its_error():
    found = [near_copies(TRAIN, TEST, normal(10 + seed, 600)) for seed in range(12)]
    assert np.mean([one.excess for one in found]) == pytest.approx(0, abs=0.006)
    assert np.mean([one.closer_to_train for one in found]) == pytest.approx(0.5, abs=0.04)


def test_the_error_is_the_spread_over_other_samples():
    found = []
    for seed in range(100, 180):
        copied = np.random.default_rng(seed).binomial(400, 0.1) / 400
        found.append(near_copies(TRAIN, TEST, with_copies(copied, seed=seed, n=400)))
    assert np.mean([one.error for one in found]) == pytest.approx(np.std([one.excess for one in found]), rel=0.25)


def test_the_nearest_training_row_is_that_of_all_distances():
    rng = np.random.default_rng(4)
    train, test, fake = (rng.integers(0, 4, (n, 3)).astype(float) for n in (230, 100, 50))
    found = near_copies(train, test, fake)
    table = np.sqrt(((fake[:, None] - train[None]) ** 2).sum(2))
    np.testing.assert_allclose(found.distance, table.min(1), atol=1e-12)
    assert (found.nearest == table.argmin(1)).all()


def test_shares_are_those_of_their_definition():
    train, test, fake = normal(6, 250, 4), normal(7, 100, 4), normal(8, 80, 4)
    fake[:20] = train[:20]
    standard = CopyStandard.of(train, test, seed=3)
    assert sorted(np.bincount(standard.block)) == [83, 83, 84]
    assert len(standard.drawn) == 84
    near_train = near_test = 0
    for at, threshold in enumerate(standard.threshold):
        block = train[standard.block == at]
        held_out = np.sort(np.linalg.norm(test[standard.drawn][:, None] - block[None], axis=2).min(1))
        assert threshold == pytest.approx(held_out[0])  # 1 % over 3 blocks of 84 rows is less than one row
        near = [np.linalg.norm(fake[:, None] - rows[None], axis=2).min(1) for rows in (block, test[standard.drawn])]
        near_train += ((near[0] < threshold) | (near[0] == 0)).mean()
        near_test += ((near[1] < threshold) | (near[1] == 0)).mean()
    found = near_copies(train, test, fake, seed=3)
    assert (found.near_train, found.near_test) == pytest.approx((near_train, near_test))
    assert found.excess == pytest.approx(near_train - near_test)


def test_a_split_that_repeats_the_other_counts_copies_alone():
    found = near_copies(TRAIN, TRAIN, with_copies(0.3))
    assert found.near_train == found.near_test == pytest.approx(0.3)
    assert found.excess == 0


def test_a_known_standard_changes_nothing():
    standard = CopyStandard.from_arrays(CopyStandard.of(TRAIN, TEST[:300], seed=5).arrays())
    fake = with_copies(0.1)
    known, again = near_copies(TRAIN, TEST[:300], fake, standard=standard), near_copies(TRAIN, TEST[:300], fake, seed=5)
    assert (known.excess, known.closer_to_train) == (again.excess, again.closer_to_train)


def test_tensors_are_read_as_arrays_are():
    fake = with_copies(0.1)
    tensors = (torch.from_numpy(rows) for rows in (TRAIN, TEST, fake))
    assert near_copies(*tensors).excess == near_copies(TRAIN, TEST, fake).excess


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ((TRAIN, TEST[:, :5], TEST), "test has 5 columns where train has 64"),
        ((TRAIN, TEST, TEST[:0]), "fake must be a matrix"),
        ((TRAIN, np.full((9, 64), np.nan), TEST), "test holds nan"),
    ],
)
def test_bad_arguments_are_named(sets, message):
    with pytest.raises(ValueError, match=message):
        near_copies(*sets)


@pytest.mark.parametrize(("known", "held_out", "copies"), [(200, 200, 0), (300, 100, 40)])
def test_the_error_of_what_is_closer_to_train_is_the_spread_over_other_fakes(known, held_out, copies):
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(known, 3)), rng.normal(size=(held_out, 3))
    standard = CopyStandard.of(train, test)
    fakes = [
        np.concatenate([train[rng.integers(0, known, copies)], rng.normal(size=(200 - copies, 3))]) for _ in range(60)
    ]
    found = [near_copies(train, test, fake, standard=standard) for fake in fakes]
    scores, errors = (np.array([getattr(one, name) for one in found]) for name in ("closer_to_train", "closer_error"))
    assert np.mean(np.abs(scores - scores.mean()) <= 1.96 * errors) >= 0.9
    assert 0.7 < errors.mean() / scores.std() < 1.6
