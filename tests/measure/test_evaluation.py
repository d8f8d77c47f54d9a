"""The evaluation that metrics share."""

import numpy as np
import pytest

from genharness import ConfigError, DataError
from genharness.measure.evaluation import SampleData, SampleEvaluation
from genharness.spec.protocol import Protocol


def test_an_extractor_that_cannot_be_had_is_asked_for_once():
    asked = []

    def make(name):
        asked.append(name)
        raise DataError("no network")

    sets = {"fake": SampleData(np.zeros((3, 1, 4, 4), np.uint8), None, {})}
    evaluation = SampleEvaluation(sets, Protocol(extractor="inception", sample_count=3), make)
    for _ in range(2):
        with pytest.raises(DataError, match="no network"):
            evaluation.features("fake")
    assert asked == ["inception"]


def evaluation_with(views):
    return SampleEvaluation({}, Protocol(extractor="inception", sample_count=3), lambda name: None, views=views)


def test_what_the_model_makes_is_computed_once_however_many_metrics_ask():
    asked = []
    evaluation = evaluation_with({"latents": lambda: asked.append("latents") or np.ones((2, 3))})
    assert evaluation.of_model("latents") is evaluation.of_model("latents")
    assert asked == ["latents"]


def test_what_the_model_cannot_is_refused_in_the_words_of_the_plan():
    with pytest.raises(ConfigError, match="the model gives no reconstructions"):
        evaluation_with({"latents": lambda: None}).of_model("reconstructions")


def test_facts_that_metrics_state_are_the_evaluations():
    evaluation = SampleEvaluation({}, Protocol(extractor="inception", sample_count=3), lambda name: None)
    evaluation.state("early", 1)
    with evaluation.noting() as noted:
        evaluation.state("compared", 7)
    assert noted.facts == {"compared": 7.0}
    assert evaluation.facts() == {"early": 1.0, "compared": 7.0}
