"""Small GANs, fed with noise."""

from __future__ import annotations

import importlib

import torch

from genharness.kit import Batch
from genharness.kit.blocks import random_normal
from genharness.spec.options import build_config, options_of
from genharness.spec.plugins import DataShape
from genharness_model_gan import genharness_models

SPECS = {spec.name: spec for spec in genharness_models()}
CLASSES = 3
SMALL = {"width": 4, "latent": 6, "generator_width": 4}


def shape(size=8, channels=1):
    return DataShape("image", (channels, size, size), classes=CLASSES, train_count=100)


def create(name, data, **options):
    """Return a model with the paper's options but for those given."""
    torch.manual_seed(0)
    spec = SPECS[name]
    module, attribute = spec.factory.split(":")
    return getattr(importlib.import_module(module), attribute)(data, build_config(name, spec.config, options))


def build(name, data, **options):
    """Return a model that is as small as it can be."""
    names = {item.name for item in options_of(SPECS[name].config)}
    return create(name, data, **{key: value for key, value in SMALL.items() if key in names} | options)


def batch_of(data, step=0, n=4, device="cpu"):
    generator = torch.Generator().manual_seed(100 + step)
    x = random_normal(n, *data.shape, generator=generator)
    labels = torch.randint(CLASSES, (n,), generator=generator).to(device)
    return Batch(x.tanh().to(device) if data.modality == "image" else x.to(device), labels, step, step / 10)


def train(model, steps, start=0):
    return [model.training_step(batch_of(model.data, step)) for step in range(start, start + steps)]


def draw(model, n=6, seed=0, labels=None):
    model.eval()
    with torch.no_grad():
        samples = model.sample(n, labels=labels, generator=torch.Generator().manual_seed(seed))
    model.train()
    return samples


def parameters_of(network):
    return sum(parameter.numel() for parameter in network.parameters())
