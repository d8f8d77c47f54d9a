"""Which Gaussians a model draws its codes from, and what no map is made of."""

import numpy as np
import pytest
import torch

from genharness.cells.latents import MOST_WIDE, map_of_codes
from genharness.engine.build import build_model
from genharness.plugin.registry import load_registry
from genharness.testing.synthetic import synthetic_data

CPU = torch.device("cpu")


def built(name, **options):
    spec, data = load_registry().models.find(name), synthetic_data(8, 1)
    return build_model(spec, {**spec.recipes["smoke"].options, **options}, data.shape, CPU).eval()


def codes(width):
    return np.random.default_rng(0).normal(size=(30, width)).astype(np.float32)


def test_a_vae_draws_from_the_standard_normal_and_a_fitted_mixture_from_its_own():
    (vae,) = map_of_codes(built("vae", latent=2), codes(2), None, 0).prior.covariances
    assert np.array_equal(vae, np.eye(2))
    model = built("ae", latent=2)
    model.codes.means[0, 0] = torch.tensor([3.0, 4.0])
    model.codes.factors[0, 0] = torch.tensor([[2.0, 0.0], [1.0, 1.0]])
    found = map_of_codes(model, codes(2), None, 0).prior
    assert found.means.tolist() == [[3.0, 4.0]]
    assert found.covariances.tolist() == [[[4.0, 2.0], [2.0, 2.0]]]


def test_of_classes_that_are_asked_for_no_gaussian_is_known():
    assert len(map_of_codes(built("vae", latent=2), codes(2), None, 0, conditional=True).prior.means) == 0


@pytest.mark.parametrize("wrong", [codes(1), codes(4)[:2], codes(2) * np.nan, np.zeros((3, MOST_WIDE + 1))])
def test_what_shows_nothing_gives_no_map(wrong):
    assert map_of_codes(built("vae", latent=2), wrong, None, 0) is None
