"""What a model makes of held-out samples."""

import numpy as np
import pytest
import torch

from genharness.kit import GenerativeModel
from genharness.measure.capabilities import HELD_OUT, able, kinds_of, reconstruct, views_of
from genharness.plugin.registry import load_registry
from genharness.spec.capabilities import CAPABILITIES
from genharness.spec.plugins import DataShape

IMAGES = np.random.default_rng(0).integers(0, 256, (700, 1, 4, 4), dtype=np.uint8)
ROWS = np.random.default_rng(1).normal(size=(600, 3)).astype(np.float32)


class Able(GenerativeModel):
    """Returns what it is given, and counts the samples of every batch."""

    def __init__(self):
        super().__init__(DataShape("image", (1, 4, 4)), None)
        self.batches = []

    def reconstruct(self, x):
        self.batches.append(len(x))
        return x

    def encode(self, x):
        return x.flatten(1)

    def bits_per_dim(self, x):
        return x.flatten(1).mean(1)


def test_a_model_has_the_views_that_its_methods_give():
    assert set(views_of(Able(), IMAGES)) == {"reconstructions", "latents", "likelihood"}
    assert not views_of(GenerativeModel(DataShape("image", (1, 4, 4)), None), IMAGES)


def test_no_method_stands_for_conditions():
    assert not able(Able(), CAPABILITIES["conditions"])


def test_nothing_is_computed_before_it_is_asked():
    model = Able()
    views = views_of(model, IMAGES)
    assert not model.batches
    views["reconstructions"]()
    assert sum(model.batches) == len(IMAGES)


def test_images_are_seen_in_the_models_range_and_come_back_quantised():
    pairs = views_of(Able(), IMAGES)["reconstructions"]()
    assert pairs.reconstructed.dtype == np.uint8
    assert np.array_equal(pairs.reconstructed, IMAGES)
    assert np.array_equal(pairs.originals, IMAGES)


def test_rows_of_a_table_are_reconstructed_as_they_are():
    assert np.array_equal(reconstruct(Able(), ROWS), ROWS)


def test_numbers_of_each_sample_are_in_double_precision_and_in_order():
    bits = views_of(Able(), IMAGES)["likelihood"]()
    assert bits.dtype == np.float64
    assert bits == pytest.approx(IMAGES.reshape(len(IMAGES), -1).mean(1) / 127.5 - 1, abs=1e-6)


def test_no_more_than_the_first_held_out_samples_are_used():
    codes = views_of(Able(), np.concatenate([IMAGES, IMAGES]))["latents"]()
    assert codes.shape == (HELD_OUT, 16)


def test_a_model_whose_likelihood_takes_long_is_asked_for_fewer():
    model = Able()
    model.likelihood_samples = 30
    views = views_of(model, IMAGES)
    assert len(views["likelihood"]()) == 30
    assert len(views["latents"]()) == len(IMAGES)


def test_no_graph_is_kept():
    class Learns(Able):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(()))

        def encode(self, x):
            return x.flatten(1) * self.scale

    assert views_of(Learns(), IMAGES)["latents"]().shape == (700, 16)


def test_a_capability_of_several_kinds_has_the_one_that_is_declared():
    vae = load_registry().models["vae"]
    assert kinds_of(vae) == {"likelihood": "bound"}
