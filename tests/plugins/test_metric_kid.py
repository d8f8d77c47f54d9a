"""KID over an evaluation, beside the formula."""

import numpy as np
import pytest

import genharness_metric_kid.kid
from evaluations import row_evaluation
from genharness_metric_kid import KidConfig
from genharness_metric_kid.kid import Kid

RNG = np.random.default_rng(0)
REAL, FAKE = RNG.normal(size=(60, 5)), RNG.normal(size=(60, 5)) * 1.3 + 0.2


def scores(real, fake, **options):
    return Kid(KidConfig(**options)).compute(row_evaluation(real=real, fake=fake))


def unbiased_mmd(real, fake):
    """Return the squared MMD under the cubic kernel, pairs of a sample with itself left out."""

    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    def without_itself(a):
        return (kernel(a, a).sum() - np.trace(kernel(a, a))) / (len(a) * (len(a) - 1))

    return without_itself(real) + without_itself(fake) - 2 * kernel(real, fake).mean()


def test_one_subset_of_everything_is_the_unbiased_estimate_itself():
    found = scores(REAL, FAKE, subsets=1, subset_size=60)
    assert found["kid"] == pytest.approx(unbiased_mmd(REAL, FAKE), rel=1e-4)


def test_where_every_subset_is_everything_there_is_no_deviation():
    found = scores(REAL, FAKE, subsets=100)
    assert np.isnan(found["kid_std"])
    assert found["kid_whole_sets"] == 2


@pytest.mark.parametrize(("real", "fake", "whole"), [(60, 30, 1), (30, 60, 1), (60, 60, 2)])
def test_sets_that_each_subset_holds_whole_are_counted(real, fake, whole):
    assert scores(REAL[:real], FAKE[:fake])["kid_whole_sets"] == whole
    assert "kid_whole_sets" not in scores(REAL[:real], FAKE[:fake], subset_size=20)


def test_a_subset_is_never_larger_than_the_smaller_set():
    found = scores(REAL, FAKE[:30], subsets=50, subset_size=1000)
    assert np.isfinite(found["kid"])
    assert found["kid_std"] > 0


def test_the_seed_of_the_protocol_draws_the_subsets():
    def with_seed(seed):
        return Kid(KidConfig(subset_size=20)).compute(row_evaluation(real=REAL, fake=FAKE, seed=seed))

    assert with_seed(1) == with_seed(1)
    assert with_seed(1) != with_seed(2)


@pytest.mark.slow
def test_the_error_is_the_spread_of_other_samples_also_where_few_of_many_are_looked_at(monkeypatch):
    real, fake = RNG.normal(size=(1500, 4)), RNG.normal(0.4, 1, (1200, 4))
    errors = []
    for most in (5000, 400):
        monkeypatch.setattr(genharness_metric_kid.kid, "MOST_FOR_ERROR", most)
        evaluation = row_evaluation(real=real.astype(np.float32), fake=fake.astype(np.float32))
        with evaluation.noting() as noted:
            Kid(KidConfig(subsets=1, subset_size=1200)).compute(evaluation)
        errors.append(noted.errors["kid"])
    spread = np.std([unbiased_mmd(real, RNG.normal(0.4, 1, (1200, 4))) for _ in range(100)])
    assert errors == [pytest.approx(spread, rel=0.3), pytest.approx(spread, rel=0.45)]
    assert errors[0] != errors[1]
