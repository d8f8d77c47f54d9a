"""KID over an evaluation, beside the formula."""

import numpy as np
import pytest

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
    assert found["kid_std"] == 0


def test_a_subset_is_never_larger_than_the_smaller_set():
    found = scores(REAL, FAKE[:30], subsets=50, subset_size=1000)
    assert np.isfinite(found["kid"])
    assert found["kid_std"] > 0


def test_the_seed_of_the_protocol_draws_the_subsets():
    def with_seed(seed):
        return Kid(KidConfig(subset_size=20)).compute(row_evaluation(real=REAL, fake=FAKE, seed=seed))

    assert with_seed(1) == with_seed(1)
    assert with_seed(1) != with_seed(2)
