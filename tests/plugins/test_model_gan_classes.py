"""Classes in GANs: what is asked for is made, by whichever model learns classes when it is told to."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gan_models import CLASSES, SPECS, batch_of, build, create, draw, parameters_of, shape, train
from genharness.errors import ConfigError
from genharness.kit import Batch
from genharness.spec.plugins import DataShape
from genharness_model_gan.base import spectrally_normalise
from genharness_model_gan.conditioning import ScoreHead, with_classes

WHEN_ASKED = sorted(name for name, spec in SPECS.items() if "conditions:conditional" in spec.capabilities)
ALWAYS = sorted(name for name, spec in SPECS.items() if "conditions" in spec.capabilities)


def learning_classes(name, data, **options):
    return build(name, data, **({"conditional": True} if name in WHEN_ASKED else {}), **options)


def test_every_gan_can_be_told_of_classes():
    assert sorted(WHEN_ASKED + ALWAYS + ["sngan"]) == sorted(SPECS)  # sngan with classes is cgan-pd


@pytest.mark.parametrize("name", WHEN_ASKED + ALWAYS)
def test_the_class_that_is_asked_for_matters_once_it_is_learnt(name):
    model = learning_classes(name, shape())
    train(model, 2)
    zero, one = (draw(model, labels=torch.full((6,), label)) for label in (0, 1))
    assert not torch.equal(zero, one)


@pytest.mark.parametrize("name", WHEN_ASKED)
def test_without_being_told_a_model_knows_no_classes(name):
    model = build(name, shape())
    assert model.classes == 0
    assert not any(isinstance(part, nn.Embedding) for part in model.modules())
    assert torch.equal(draw(model), draw(model, labels=torch.zeros(6, dtype=torch.int64)))


@pytest.mark.parametrize("name", WHEN_ASKED + ALWAYS)
def test_classes_are_refused_where_the_data_has_none(name):
    with pytest.raises(ConfigError, match="at least two classes, not 1"):
        learning_classes(name, DataShape("image", (1, 8, 8), classes=1))
    model = learning_classes(name, shape())
    with pytest.raises(ConfigError, match="without labels"):
        model.training_step(Batch(torch.zeros(2, 1, 8, 8), None, 0, 0.0))


@pytest.mark.parametrize("name", ["dcgan", "wgan-gp"])
def test_bright_and_dark_are_learnt_as_classes(name):
    data = DataShape("image", (1, 8, 8), classes=2, train_count=100)
    extra = {"body": "dcgan", "critic_steps": 1, "schedule": "constant"} if name == "wgan-gp" else {}
    model = learning_classes(name, data, lr=0.002, width=8, **extra)
    labels = torch.arange(32).remainder(2)
    for step in range(120):
        images = (labels * 1.2 - 0.6).view(-1, 1, 1, 1) + 0.1 * torch.randn(32, 1, 8, 8)
        model.training_step(Batch(images, labels, step, step / 120))
    dark, bright = (draw(model, 20, labels=torch.full((20,), label)).mean() for label in (0, 1))
    assert bright - dark > 0.5


def test_a_head_adds_the_projection_of_the_features_on_the_class():
    head, h, y = ScoreHead(5, classes=3), torch.randn(4, 5), torch.tensor([2, 0, 1, 2])
    brute = [
        head.weight[0] @ row + head.bias[0] + head.embed.weight[label] @ row for row, label in zip(h, y, strict=True)
    ]
    torch.testing.assert_close(head(h, y)[:, 0], torch.stack(brute))


def test_spectral_norm_reaches_the_vectors_of_the_classes():
    head = spectrally_normalise(nn.Sequential(ScoreHead(6, classes=4)))[0]
    for _ in range(100):
        head(torch.zeros(1, 6), torch.zeros(1, dtype=torch.int64))
    assert float(torch.linalg.matrix_norm(head.embed.weight.detach(), 2)) == pytest.approx(1, abs=1e-3)


def test_classes_stand_behind_the_noise_as_zeros_and_a_one():
    z = torch.tensor([[0.5], [0.25]])
    assert with_classes(z, 3, torch.tensor([2, 0])).tolist() == [[0.5, 0, 0, 1], [0.25, 1, 0, 0]]
    assert with_classes(z, 3) is z


def test_cgan_pd_is_sngan_with_embeddings():
    data = DataShape("image", (3, 32, 32), classes=10)
    pd, sn = create("cgan-pd", data), create("sngan", data)
    assert parameters_of(pd.D) == parameters_of(sn.D) + 10 * 128
    # six batch norms of gain and bias for each class instead of for all
    assert parameters_of(pd.G) == parameters_of(sn.G) + 6 * 2 * 256 * (10 - 1)


def test_generated_batches_have_the_classes_of_real_ones():
    model = build("cgan-pd", shape())
    batch = batch_of(model.data)
    (labels,) = model.labels_of(batch, 2)
    assert torch.equal(labels, torch.cat((batch.labels, batch.labels)))
    assert labels.max() < CLASSES
