"""Likelihood and posterior divergence over an evaluation."""

import numpy as np
import pytest

from genharness import ConfigError, NoOptions
from genharness.measure.evaluation import SampleEvaluation
from genharness.spec.protocol import Protocol
from genharness_metric_likelihood.likelihood import BitsPerDim, PosteriorDivergence


def evaluation(**views):
    return SampleEvaluation({}, Protocol(extractor="none", sample_count=1), lambda name: None, views=views)


def test_each_is_the_mean_over_held_out_samples():
    known = evaluation(likelihood=lambda: np.array([2.0, 4.0]), kl_to_prior=lambda: np.array([1.0, 2.0, 6.0]))
    assert BitsPerDim(NoOptions()).compute(known) == {"bits_per_dim": 3.0}
    assert PosteriorDivergence(NoOptions()).compute(known) == {"kld": 3.0}


@pytest.mark.parametrize("metric", [BitsPerDim, PosteriorDivergence])
def test_a_model_that_knows_neither_is_passed_over(metric):
    with pytest.raises(ConfigError, match=r"the model (gives no likelihood|has no posterior)"):
        metric(NoOptions()).compute(evaluation())
