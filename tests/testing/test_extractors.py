"""The checks of extractors."""

import pytest

from conformance import failures, importable
from genharness import ExtractorSpec
from genharness.kit import Extracted, Extractor
from genharness.testing import extractor_checks


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    importable(monkeypatch, __name__, globals())


class MeanColours(Extractor):
    identity = "mean"

    def extract(self, samples):
        return Extracted(samples.reshape(len(samples), -1, 4).mean(2).astype("float32"))


class CentresOnTheBatch(MeanColours):
    def extract(self, samples):
        features = super().extract(samples).features
        return Extracted(features - features.mean(0))


@pytest.mark.parametrize(("cls", "broken"), [(MeanColours, False), (CentresOnTheBatch, True)])
def test_features_that_depend_on_the_batch_are_found(cls, broken):
    spec = ExtractorSpec(name="toy", summary="Toy", factory=f"{__name__}:{cls.__name__}")
    found = failures(extractor_checks(spec))
    assert found == ({"toy: extracts images": "features depend on how samples are batched"} if broken else {})
