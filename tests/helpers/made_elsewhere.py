"""What the tests of models made elsewhere share: a tiny network in every form, built and drawn from."""

import warnings

import torch
from torch import nn

from genharness import DataShape
from genharness.kit.generators import seeded_generator
from genharness.spec.options import build_config
from genharness_model_generator.configs import GeneratorConfig
from genharness_model_generator.generator import Generator

DIGITS = DataShape("image", (1, 8, 8), classes=10, train_count=100)
SOURCE = """
import torch
from torch import nn

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 64)

    def forward(self, z):
        return torch.tanh(self.linear(z)).reshape(-1, 1, 8, 8)

def make():
    return Tiny()

def nothing():
    return 3

def sized(size):
    return Tiny()
"""


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 64)

    def forward(self, z):
        return torch.tanh(self.linear(z)).reshape(-1, 1, 8, 8)


class Gives(nn.Module):
    """Gives what a function makes of the latents."""

    def __init__(self, function):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.function = function

    def forward(self, z):
        return self.function(z * self.weight)


def save_script(make, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer torch would have everybody export
        torch.jit.save(make(), path)


def built(data=DIGITS, **options):
    with torch.device("cpu"):
        return Generator(data, build_config("generator", GeneratorConfig, {"latent": "4", **options})).eval()


def drawn(model, n=10, labels=None):
    with torch.no_grad():
        return model.sample(n, labels=labels, generator=seeded_generator(torch.device("cpu"), 3))
