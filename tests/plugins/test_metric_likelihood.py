"""Likelihood and posterior divergence over an evaluation: exact values and bounds never stand in one column."""

import numpy as np
import pytest

from genharness import ConfigError, NoOptions
from genharness.measure.evaluation import SampleEvaluation
from genharness.spec.protocol import Protocol
from genharness_metric_likelihood.likelihood import BitsPerDim, PosteriorDivergence

VALUES = np.random.default_rng(0).normal(3, 1, 400)


def evaluation(kinds=None, **views):
    return SampleEvaluation({}, Protocol(extractor="none", sample_count=1), lambda name: None, views=views, kinds=kinds)


def test_each_is_the_mean_over_held_out_samples():
    known = evaluation(likelihood=lambda: np.array([2.0, 4.0]), kl_to_prior=lambda: np.array([1.0, 2.0, 6.0]))
    assert BitsPerDim(NoOptions()).compute(known) == {"bits_per_dim_bound": 3.0}
    assert PosteriorDivergence(NoOptions()).compute(known) == {"kld": 3.0}


@pytest.mark.parametrize("metric", [BitsPerDim, PosteriorDivergence])
def test_a_model_that_knows_neither_is_passed_over(metric):
    with pytest.raises(ConfigError, match=r"the model (gives no likelihood|has no posterior)"):
        metric(NoOptions()).compute(evaluation())


def test_how_many_samples_were_looked_at_is_stated():
    one = evaluation(kl_to_prior=lambda: VALUES)
    PosteriorDivergence(NoOptions()).compute(one)
    assert one.facts() == {"kld_samples": 400}


@pytest.mark.parametrize(("kind", "key"), [("exact", "bits_per_dim"), ("bound", "bits_per_dim_bound")])
def test_a_bound_has_a_column_of_its_own(kind, key):
    known = evaluation({"likelihood": kind}, likelihood=lambda: VALUES)
    assert BitsPerDim(NoOptions()).compute(known) == {key: VALUES.mean()}


def test_the_error_is_that_of_a_mean_over_held_out_samples():
    one = evaluation(kl_to_prior=lambda: VALUES)
    with one.noting() as noted:
        PosteriorDivergence(NoOptions()).compute(one)
    assert noted.errors == {"kld": pytest.approx(VALUES.std(ddof=1) / 20)}
