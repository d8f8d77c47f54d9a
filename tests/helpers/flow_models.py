"""Flows of a few channels, and what holds for every invertible map."""

import importlib

import torch

from genharness.kit import Batch
from genharness.spec.options import build_config
from genharness.spec.plugins import DataShape
from genharness_model_flow import genharness_models

SPECS = {spec.name: spec for spec in genharness_models()}
TINY = {
    "realnvp": {"features": 4, "blocks": 1, "warmup": 0, "hidden": 16},
    "glow": {"depth": 2, "width": 8, "warmup": 0},
}


def shape(size=8, channels=1, **more):
    return DataShape("image", (channels, size, size), classes=3, train_count=100, **more)


def build(name, data=None, **options):
    torch.manual_seed(0)
    spec = SPECS[name]
    module, attribute = spec.factory.split(":")
    config = build_config(name, spec.config, {**TINY[name], **options})
    return getattr(importlib.import_module(module), attribute)(data or shape(), config)


def batch_of(data, step=0, n=4, progress=0.5):
    x = torch.randn(n, *data.shape, generator=torch.Generator().manual_seed(100 + step))
    return Batch(x.tanh() if data.modality == "image" else x, None, step, progress)


def draw(model, n=6, seed=0):
    model.eval()
    with torch.no_grad():
        return model.sample(n, labels=None, generator=torch.Generator().manual_seed(seed))


def loud(module, seed=0, std=0.3):
    """Give every parameter that is 0 some weight, so that no map is the identity, and statistics some values."""
    source = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in module.parameters():
            if not weight.any():
                weight.copy_(std * torch.randn(weight.shape, generator=source, dtype=weight.dtype))
        for name, buffer in module.named_buffers():
            if name.endswith("mean"):
                buffer.copy_(torch.randn(buffer.shape, generator=source))
            if name.endswith("var"):
                buffer.copy_(torch.rand(buffer.shape, generator=source) + 0.5)
    return module


def exact_log_det(function, x):
    """Return log |det df/dx| of one sample `(1, ...)` by the whole Jacobian, in float64."""
    jacobian = torch.autograd.functional.jacobian(lambda y: function(y)[0], x)
    return torch.linalg.slogdet(jacobian.reshape(x.numel(), x.numel())).logabsdet
