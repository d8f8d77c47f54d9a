"""Extractors without weights: exact where they copy, seeded where they draw, the same however samples are batched."""

import numpy as np
import pytest
import torch

from genharness import DataError
from genharness.functional.prdc import prdc
from genharness.kit import ExtractorContext
from genharness.plugin.registry import load_factory, load_registry
from genharness.spec.options import build_config
from genharness.testing.synthetic import synthetic_data
from genharness_features_basic import RandomVggConfig, random_vgg
from genharness_features_basic.random_vgg import RandomVgg16

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 8, 8)).astype(np.uint8)
ROWS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def build(name, **context):
    spec = load_registry().extractors.find(name)
    return load_factory(spec)(
        ExtractorContext(device=torch.device("cpu"), **context), build_config(name, spec.config, {})
    )


def test_pixels_are_levels_over_256():
    features = build("pixels").extract(IMAGES).features
    np.testing.assert_array_equal(features * 256, IMAGES.reshape(5, -1).astype(np.float32))
    assert features.dtype == np.float32


def counts_in_integers(real, fake, k):
    """Return the whole numbers behind precision, recall, density and coverage, from squared distances of levels."""
    real, fake = (rows.reshape(len(rows), -1).astype(np.int64) for rows in (real, fake))

    def squared(a, b):
        return ((a[:, None] - b[None]) ** 2).sum(2)

    def radii(rows):
        return np.sort(squared(rows, rows), 1)[:, k]

    table = squared(real, fake)
    in_real, in_fake = table < radii(real)[:, None], table < radii(fake)[None]
    return [in_real.any(0).sum(), in_fake.any(1).sum(), in_real.sum(), in_real.any(1).sum()]


@pytest.mark.parametrize("levels", [(0, 255), (0, 85, 170, 255), tuple(range(0, 256, 17))])
def test_pictures_equally_far_apart_tie_exactly(levels):
    rng = np.random.default_rng(len(levels))
    real, fake = (rng.choice(np.array(levels, np.uint8), (n, 1, 4, 3)) for n in (120, 100))
    found = prdc(*(build("pixels").extract(images).features for images in (real, fake)), 3)
    whole = np.array([found.precision, found.recall, found.density, found.coverage]) * [100, 120, 300, 120]
    assert whole.round().astype(int).tolist() == counts_in_integers(real, fake, 3)


def test_identity_gives_rows_as_they_are():
    np.testing.assert_array_equal(build("identity").extract(ROWS).features, ROWS)


@pytest.mark.parametrize(("name", "samples"), [("pixels", ROWS), ("pixels", IMAGES / 255), ("identity", IMAGES)])
def test_samples_of_another_kind_are_refused(name, samples):
    with pytest.raises(DataError, match=f"extractor {name} reads"):
        build(name).extract(samples)


@pytest.fixture(scope="module")
def vgg():
    return RandomVgg16(ExtractorContext(device=torch.device("cpu"), seed=3), RandomVggConfig(size=32))


@pytest.mark.parametrize(("side", "size"), [(8, 32), (48, 48), (256, 224)])
def test_random_features_are_those_of_the_size_that_the_data_has(side, size):
    cpu = torch.device("cpu")
    assert random_vgg._size_of(ExtractorContext(device=cpu, data=synthetic_data(side, 3))) == size
    assert random_vgg._size_of(ExtractorContext(device=cpu)) == 224


def test_the_identity_of_random_features_says_their_size(vgg):
    context = ExtractorContext(device=torch.device("cpu"), data=synthetic_data(8, 3), seed=3)
    assert RandomVgg16(context, RandomVggConfig()).identity == vgg.identity
    assert RandomVgg16(context, RandomVggConfig(size=33)).identity != vgg.identity


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
