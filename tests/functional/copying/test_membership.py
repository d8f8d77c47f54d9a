"""Membership inference beside scikit-learn, and on planted copies."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from genharness.functional.copying.membership import attack_of_scores, membership

RNG = np.random.default_rng(0)
TRAIN, TEST, FAKE = RNG.normal(size=(3, 1200, 16))


@pytest.mark.parametrize("ties", [False, True])
def test_the_area_and_the_share_caught_are_those_of_scikit_learn(ties):
    rng = np.random.default_rng(1)
    members, others = rng.normal(size=1300) + 0.4, rng.normal(size=1100)
    if ties:
        members, others = members.round(1), others.round(1)
    truth, scores = np.repeat([1, 0], [1300, 1100]), np.concatenate([members, others])
    found = attack_of_scores(members, others)
    assert found.auc == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
    assert found.caught == pytest.approx(true[false <= 0.01].max(), abs=1e-12)


def test_the_error_is_the_spread_of_the_area_over_other_rows():
    rng = np.random.default_rng(2)
    found = [attack_of_scores(rng.normal(size=200) + 0.8, rng.normal(size=120)) for _ in range(300)]
    assert np.mean([one.error for one in found]) == pytest.approx(np.std([one.auc for one in found]), rel=0.12)


def test_without_copies_members_cannot_be_told():
    found = membership(TRAIN, TEST, FAKE)
    assert found.auc == pytest.approx(0.5, abs=3 * found.error)
    assert found.error == pytest.approx(np.sqrt(2401 / (12 * 1200**2)), rel=0.1)
    assert found.caught == pytest.approx(0.01, abs=0.02)


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_members_that_were_copied_are_told(share):
    fake = FAKE.copy()
    count = int(share * len(TRAIN))
    fake[:count] = TRAIN[:count]
    found = membership(TRAIN, TEST, fake)
    assert found.auc == pytest.approx(0.5 + share / 2, abs=0.04)
    assert found.caught >= share


def test_few_others_have_no_hundredth():
    assert np.isnan(membership(TRAIN, TEST[:999], FAKE).caught)


@pytest.mark.parametrize("at", [1, 2])
def test_sets_of_unlike_width_are_named(at):
    sets = [TRAIN, TEST, FAKE]
    sets[at] = sets[at][:, :3]
    with pytest.raises(ValueError, match="has 3 columns where train has 16"):
        membership(*sets)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_the_error_of_the_share_caught_is_its_spread_over_other_rows(shift):
    rng = np.random.default_rng(0)
    found = [attack_of_scores(rng.normal(shift, 1, 1500), rng.normal(size=1500)) for _ in range(200)]
    shares, errors = (np.array([getattr(one, name) for one in found]) for name in ("caught", "caught_error"))
    assert np.mean(np.abs(shares - shares.mean()) <= 1.96 * errors) >= 0.9
    assert 0.7 < errors.mean() / shares.std() < 1.6
