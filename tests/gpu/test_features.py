"""Features are those of the processor, whatever training computes with."""

import functools

import numpy as np
import pytest
import torch
from random_inception import random_extractor, random_weights

from genharness.engine.arithmetic import set_arithmetic
from genharness.kit import ExtractorContext
from genharness.kit.precision import autocast
from genharness.testing import synthetic_data
from genharness_features_classifier import ClassifierConfig
from genharness_features_classifier.extractor import ClassifierExtractor

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def inception(tmp_path_factory):
    weights = random_weights(tmp_path_factory.mktemp("weights"))
    return functools.cache(lambda device: random_extractor(weights, device))


@pytest.fixture
def classifier():
    def make(device):
        data = synthetic_data(8, 3)
        return ClassifierExtractor(ExtractorContext(device=device, data=data), ClassifierConfig(steps=20))

    return make


@pytest.fixture(params=["classifier", "inception"])
def make(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def images():
    return np.array(synthetic_data(8, 3).samples("test")[:3])


def test_features_and_identity_are_those_of_the_processor(device, make, images):
    ours, theirs = make(device), make(CPU)
    assert ours.identity == theirs.identity
    expected = theirs.extract(images).features
    np.testing.assert_allclose(ours.extract(images).features, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_features_do_not_depend_on_the_precision_of_training(device, make, images, precision):
    extractor = make(device)
    set_arithmetic(device, "fp32", deterministic=True)
    torch.use_deterministic_algorithms(False)
    expected = extractor.extract(images)
    set_arithmetic(device, precision, deterministic=False)
    torch.backends.cudnn.benchmark = False  # another algorithm may round otherwise
    with autocast(device, precision):
        found = extractor.extract(images)
    np.testing.assert_array_equal(found.features, expected.features)
    np.testing.assert_array_equal(found.logits, expected.logits)


def test_features_do_not_depend_on_their_neighbours_in_a_batch(device, make, images):
    extractor = make(device)
    together = extractor.extract(images).features
    alone = np.concatenate([extractor.extract(images[place : place + 1]).features for place in range(len(images))])
    np.testing.assert_allclose(alone, together, rtol=1e-3, atol=1e-4 * np.abs(together).max())
