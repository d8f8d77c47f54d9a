"""What studies vary of the autoencoders: depth, the optimiser and its schedule."""

import dataclasses

import pytest
import torch
from torch import nn

from genharness import DataShape
from genharness.kit import Batch
from genharness_model_vae.ae import AE
from genharness_model_vae.beta_vae import BetaVAE
from genharness_model_vae.configs import AEConfig, BetaVAEConfig, VAEConfig, VAEGMMConfig
from genharness_model_vae.vae import VAE
from genharness_model_vae.vae_gmm import VAEGMM

ALL = [(AE, AEConfig), (VAE, VAEConfig), (BetaVAE, BetaVAEConfig), (VAEGMM, VAEGMMConfig)]
SMALL = {"width": 4, "hidden": 16, "latent": 3}


def dense(network):
    return sum(isinstance(part, nn.Linear) for part in network.modules())


@pytest.mark.parametrize("data", [DataShape("image", (1, 8, 8), 2, 40), DataShape("tabular", (6,), 2, 40)], ids=str)
@pytest.mark.parametrize(("model", "config"), ALL)
def test_layers_are_hidden_dense_layers_of_both_networks(model, config, data):
    one, three = (model(data, config(**SMALL, layers=layers)) for layers in (1, 3))
    assert dense(three.encoder) == dense(one.encoder) + 2
    assert dense(three.decoder) == dense(one.decoder) + 2
    x = torch.rand(4, *data.shape)
    assert three.eval().reconstruct(x).shape == x.shape


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
@pytest.mark.parametrize(("model", "config"), ALL)
def test_the_optimiser_is_the_one_that_is_named(model, config, name):
    torch.manual_seed(0)
    trained = model(DataShape("tabular", (6,), 2, 40), config(**SMALL, optimizer=name))
    assert type(trained.optimiser).__name__.lower() == name
    before = [weight.clone() for weight in trained.parameters()]
    trained.training_step(Batch(torch.randn(8, 6), None, 0, 0.0))
    assert all(not torch.equal(a, b) for a, b in zip(before, trained.parameters(), strict=True))


@pytest.mark.parametrize(("model", "config"), ALL)
def test_the_rate_falls_as_the_schedule_says(model, config):
    options = config(**SMALL, lr=0.01)
    for schedule, expected in (("constant", 0.01), ("linear", 0.0025), ("cosine", 0.01 * 0.1464466)):
        trained = model(DataShape("tabular", (6,), 2, 40), dataclasses.replace(options, schedule=schedule))
        trained.training_step(Batch(torch.randn(8, 6), None, 0, 0.75))
        assert trained.optimiser.param_groups[0]["lr"] == pytest.approx(expected)
