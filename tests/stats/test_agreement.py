"""Whether two orders of the same models agree."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from genharness.stats.agreement import agreement


def exact(values):
    return {f"m{place}": (float(value), 0.0) for place, value in enumerate(values)}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("levels", [3, 1000])
def test_tau_is_scipys_with_and_without_ties(seed, levels):
    a, b = np.random.default_rng(seed).integers(0, levels, (2, 12))
    found = agreement(exact(a), exact(b))
    assert found.tau == pytest.approx(kendalltau(a, b).statistic)
    assert found.models == 12


def test_what_lies_within_its_errors_is_tied():
    first = {"a": (1.0, 0.1), "b": (1.1, 0.1), "c": (5.0, 0.1)}
    second = {"a": (9.0, 0.0), "b": (1.0, 0.0), "c": (20.0, 0.0)}
    assert agreement(first, second).reversed == ()
    sharp = {name: (value, 0.01) for name, (value, _) in first.items()}
    assert agreement(sharp, second).reversed == (("a", "b"),)


def test_only_models_that_both_orders_have_count():
    assert agreement(exact([1, 2, 3]), {"m0": (1.0, 0.0), "m2": (2.0, 0.0), "other": (0.0, 0.0)}).models == 2


@pytest.mark.parametrize(("first", "second"), [([1, 1, 1], [1, 2, 3]), ([1], [1]), ([], [])])
def test_where_an_order_ties_everything_there_is_no_tau(first, second):
    assert agreement(exact(first), exact(second)).tau is None
