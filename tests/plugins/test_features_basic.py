"""Extractors without weights: exact where they copy, seeded where they draw, the same however samples are batched."""

import numpy as np
import pytest
import torch

from genharness import DataError
from genharness.kit import ExtractorContext
from genharness.plugin.registry import load_factory, load_registry
from genharness.spec.options import build_config
from genharness_features_basic import RandomVggConfig
from genharness_features_basic.random_vgg import RandomVgg16

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 8, 8)).astype(np.uint8)
ROWS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def build(name, **context):
    spec = load_registry().extractors.find(name)
    return load_factory(spec)(
        ExtractorContext(device=torch.device("cpu"), **context), build_config(name, spec.config, {})
    )


def test_pixels_are_the_values_in_0_to_1():
    features = build("pixels").extract(IMAGES).features
    np.testing.assert_array_equal(features, IMAGES.reshape(5, -1).astype(np.float32) / np.float32(255))
    assert features.dtype == np.float32


def test_identity_gives_rows_as_they_are():
    np.testing.assert_array_equal(build("identity").extract(ROWS).features, ROWS)


@pytest.mark.parametrize(("name", "samples"), [("pixels", ROWS), ("pixels", IMAGES / 255), ("identity", IMAGES)])
def test_samples_of_another_kind_are_refused(name, samples):
    with pytest.raises(DataError, match=f"extractor {name} reads"):
        build(name).extract(samples)


@pytest.fixture(scope="module")
def vgg():
    return RandomVgg16(ExtractorContext(device=torch.device("cpu"), seed=3), RandomVggConfig(size=32))


@pytest.mark.parametrize("shape", [(5, 1, 8, 8), (5, 3, 40, 33)])
def test_random_features_have_64_dimensions_at_any_size_and_do_not_depend_on_batches(vgg, shape):
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    features = vgg.extract(images).features
    assert features.shape == (5, 64)
    parts = np.concatenate([vgg.extract(images[:2]).features, vgg.extract(images[2:]).features])
    np.testing.assert_allclose(features, parts, rtol=1e-4, atol=1e-5)
    assert features.std(axis=0).min() > 0


def test_random_weights_are_the_seeds_and_leave_the_callers_generator_alone(vgg):
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    again = RandomVgg16(ExtractorContext(device=torch.device("cpu"), seed=3), RandomVggConfig(size=32))
    assert torch.equal(torch.rand(3), expected)
    assert again.identity == vgg.identity
    np.testing.assert_array_equal(again.extract(IMAGES).features, vgg.extract(IMAGES).features)
    other = RandomVgg16(ExtractorContext(device=torch.device("cpu"), seed=4), RandomVggConfig(size=32))
    assert other.identity != vgg.identity


def test_random_features_are_for_images(vgg):
    with pytest.raises(DataError, match="extractor random-vgg16 reads"):
        vgg.extract(ROWS)
