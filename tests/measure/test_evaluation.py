"""The evaluation that metrics share."""

import numpy as np
import pytest

from genharness import DataError
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
