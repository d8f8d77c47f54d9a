"""What a model makes of held-out samples."""

import numpy as np
import pytest
import torch

from genharness.kit import GenerativeModel
from genharness.measure.capabilities import HELD_OUT, able, drawn, kinds_of, reconstruct, views_of
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
    assert set(views_of(Able(), IMAGES, seed=0)) == {"reconstructions", "latents", "likelihood"}
    assert not views_of(GenerativeModel(DataShape("image", (1, 4, 4)), None), IMAGES, seed=0)


def test_no_method_stands_for_conditions():
    assert not able(Able(), CAPABILITIES["conditions"])


def test_nothing_is_computed_before_it_is_asked():
    model = Able()
    views = views_of(model, IMAGES, seed=0)
    assert not model.batches
    views["reconstructions"]()
    assert sum(model.batches) == len(IMAGES)


def test_images_are_seen_in_the_models_range_and_come_back_quantised():
    pairs = views_of(Able(), IMAGES, seed=0)["reconstructions"]()
    assert pairs.reconstructed.dtype == np.uint8
    assert np.array_equal(pairs.reconstructed, IMAGES)
    assert np.array_equal(pairs.originals, IMAGES)


def test_rows_of_a_table_are_reconstructed_as_they_are():
    assert np.array_equal(reconstruct(Able(), ROWS), ROWS)


def test_numbers_of_each_sample_are_in_double_precision_and_in_order():
    bits = views_of(Able(), IMAGES, seed=0)["likelihood"]()
    assert bits.dtype == np.float64
    assert bits == pytest.approx(IMAGES.reshape(len(IMAGES), -1).mean(1) / 127.5 - 1, abs=1e-6)


def sorted_by_class(classes=10, each=300):
    """Return images of one grey level a class, in the order of a folder that is sorted by class."""
    return np.repeat(np.arange(classes, dtype=np.uint8), each)[:, None, None, None] * np.ones((1, 4, 4), np.uint8)


@pytest.mark.parametrize("view", ["reconstructions", "latents", "likelihood"])
def test_of_a_split_that_is_sorted_by_class_all_classes_are_looked_at(view):
    found = views_of(Able(), sorted_by_class(), seed=0)[view]()
    values = (found.originals if view == "reconstructions" else found).reshape(HELD_OUT, -1)[:, 0]
    assert len(np.unique(values)) == 10


def test_a_draw_follows_its_seed_and_is_in_order():
    draws = [drawn(np.arange(5000), 100, seed) for seed in (0, 0, 1)]
    assert draws[0].tolist() == draws[1].tolist() != draws[2].tolist()
    assert (np.diff(draws[0]) > 0).all()


def test_of_few_samples_all_are_taken():
    assert drawn(IMAGES, len(IMAGES), 0) is IMAGES


@pytest.mark.parametrize(("kind", "count"), [("exact", 3000), ("bound", HELD_OUT)])
def test_an_exact_likelihood_is_asked_of_the_whole_split(kind, count):
    assert len(views_of(Able(), sorted_by_class(), seed=0, kinds={"likelihood": kind})["likelihood"]()) == count


def test_a_model_whose_likelihood_takes_long_is_asked_for_fewer():
    model = Able()
    model.likelihood_samples = 30
    views = views_of(model, IMAGES, seed=0)
    assert len(views["likelihood"]()) == 30
    assert len(views["latents"]()) == len(IMAGES)


def test_no_graph_is_kept():
    class Learns(Able):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(()))

        def encode(self, x):
            return x.flatten(1) * self.scale

    assert views_of(Learns(), IMAGES, seed=0)["latents"]().shape == (700, 16)


def test_a_capability_of_several_kinds_has_the_one_that_is_declared():
    vae = load_registry().models["vae"]
    assert kinds_of(vae) == {"likelihood": "bound", "conditions": "conditional"}
