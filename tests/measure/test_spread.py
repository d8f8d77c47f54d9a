"""An extractor on several devices gives what it gives on one."""

import threading
from contextlib import nullcontext

import numpy as np
import pytest
import torch

import genharness.measure.spread
from genharness.errors import PluginError
from genharness.kit import Extracted, Extractor, ExtractorContext
from genharness.measure.spread import SpreadExtractor
from genharness.testing import synthetic_data
from genharness_features_classifier import ClassifierConfig
from genharness_features_classifier.extractor import ClassifierExtractor


class Summing(Extractor):
    """Its features are sums of samples; every copy waits until all are at work."""

    together: threading.Barrier
    seen: list

    @property
    def identity(self):
        return self.config

    def facts(self):
        return {"copies": 1.0}

    def extract(self, samples):
        self.together.wait(20)
        self.seen.append((str(self.context.device), len(samples), torch.backends.cudnn.allow_tf32))
        return Extracted(samples.sum(1, keepdims=True), samples[:, :1])


def copies(count, identity=lambda place: "sum"):
    return [Summing(ExtractorContext(torch.device("cuda", place)), identity(place)) for place in range(count)]


@pytest.fixture(autouse=True)
def devices(monkeypatch):
    monkeypatch.setattr(genharness.measure.spread, "on_device", lambda device: nullcontext())
    monkeypatch.setattr(Summing, "seen", [], raising=False)


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_devices_work_side_by_side_and_rows_keep_their_order(monkeypatch, rows):
    monkeypatch.setattr(Summing, "together", threading.Barrier(min(3, rows)), raising=False)
    samples = np.arange(4.0 * rows, dtype=np.float32).reshape(rows, 4)
    found = SpreadExtractor(copies(3)).extract(samples)
    np.testing.assert_array_equal(found.features, samples.sum(1, keepdims=True))
    np.testing.assert_array_equal(found.logits, samples[:, :1])
    assert len({device for device, _, _ in Summing.seen}) == min(3, rows)
    assert sum(count for _, count, _ in Summing.seen) == rows


def test_no_copy_computes_in_tf32_though_training_does(monkeypatch):
    monkeypatch.setattr(Summing, "together", threading.Barrier(2), raising=False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    SpreadExtractor(copies(2)).extract(np.ones((4, 2), np.float32))
    assert [tf32 for _, _, tf32 in Summing.seen] == [False, False]
    assert torch.backends.cudnn.allow_tf32


def test_copies_that_are_not_alike_are_refused():
    with pytest.raises(PluginError, match=r"Summing has another identity each time: \['0', '1'\]"):
        SpreadExtractor(copies(2, identity=str))


def test_an_extractor_on_two_devices_has_the_features_of_one():
    data = synthetic_data(8, 1)
    context = ExtractorContext(device=torch.device("cpu"), data=data)
    one, two = (ClassifierExtractor(context, ClassifierConfig(steps=10)) for _ in range(2))
    samples = np.array(data.samples("test")[:31])
    spread, alone = SpreadExtractor([one, two]), one.extract(samples)
    assert (spread.identity, spread.facts()) == (one.identity, one.facts())
    found = spread.extract(samples)
    np.testing.assert_allclose(found.features, alone.features, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.logits, alone.logits, rtol=1e-5, atol=1e-6)
