"""Diffusion models of a few channels, and networks that know the answer for Gaussian data."""

import importlib

import torch
from torch import nn

from genharness.kit import Batch
from genharness.spec.options import build_config
from genharness.spec.plugins import DataShape
from genharness_model_diffusion import genharness_models

SPECS = {spec.name: spec for spec in genharness_models()}
TINY = {"ch": 8, "mult": (1, 2), "blocks": 1, "attention": 4, "dropout": 0.0, "lr": 1e-3, "warmup": 0}
CLASSES = 3


def shape(size=8, channels=1, **more):
    return DataShape("image", (channels, size, size), classes=CLASSES, train_count=100, **more)


def build(name, data=None, **options):
    torch.manual_seed(0)
    spec = SPECS[name]
    module, attribute = spec.factory.split(":")
    config = build_config(name, spec.config, {**TINY, **options})
    return getattr(importlib.import_module(module), attribute)(data or shape(), config)


def batch_of(data, step=0, n=4, progress=0.5):
    generator = torch.Generator().manual_seed(100 + step)
    x = torch.randn(n, *data.shape, generator=generator).tanh()
    return Batch(x, torch.randint(CLASSES, (n,), generator=generator), step, progress)


def draw(model, n=6, seed=0, labels=None):
    model.eval()
    with torch.no_grad():
        return model.sample(n, labels=labels, generator=torch.Generator().manual_seed(seed))


class Answer(nn.Module):
    """A network that is a function of images and times, and counts its calls."""

    def __init__(self, function):
        super().__init__()
        self.function, self.calls = function, 0

    def forward(self, x, t, labels=None):
        self.calls += 1
        return self.function(x, t)


def loud(model):
    """Give every parameter that is 0 some weight, so that a new network says something."""
    with torch.no_grad():
        for weight in model.network.parameters():
            if not weight.any():
                weight.normal_(0, 0.05)
    return model
