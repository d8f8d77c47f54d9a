"""Options of sampling that training reads after all are found, and named."""

from dataclasses import dataclass
from typing import Literal

import pytest
import torch

from genharness import ConfigError, ModelSpec, Recipe, option
from genharness.kit import GenerativeModel
from genharness.testing.stages import check_stages, has_stages

SHAPE = {"size": 8, "channels": 1}


@dataclass(frozen=True)
class WalkConfig:
    width: int = option(4, low=1, high=64, help="width")
    steps: int = option(10, low=1, high=10, help="steps", stage="sample")
    scale: float = option(1.0, above=0, high=1, help="scale", stage="sample")
    sampler: Literal["plain", "long"] = option("plain", help="sampler", stage="sample")
    back: bool = option(False, help="walk back", stage="sample")

    def __post_init__(self):
        if self.back and self.sampler == "plain":
            raise ConfigError("back needs sampler=long")


class Walk(GenerativeModel):
    """Honest: training reads none of the options of sampling."""

    def __init__(self, data, config):
        super().__init__(data, config)
        self.net = torch.nn.Linear(64, 64)
        self.optimiser = torch.optim.SGD(self.net.parameters(), lr=0.1)

    def weight(self):
        return 1.0

    def training_step(self, batch):
        x = batch.data.flatten(1)
        loss = self.weight() * (self.net(torch.randn_like(x)) - x).square().mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return {"loss": loss.detach()}

    def sample(self, n, *, labels, generator):
        return self.net(torch.randn(n, 64, generator=generator)).view(n, *self.data.shape).clamp(-1, 1)


class Scaled(Walk):
    def weight(self):
        return self.config.scale


class Built(Walk):
    def __init__(self, data, config):
        super().__init__(data, config)
        self.spare = torch.nn.Linear(config.steps, 1)


class Drawing(Walk):
    def weight(self):
        return 1.0 if self.config.sampler == "plain" else 1.0 + 0 * float(torch.rand(1))


def spec_of(model):
    recipe = Recipe(length="4steps", batch_size=8)
    recipes = {"smoke": recipe, "standard": recipe, "paper": recipe}
    globals()[model.__name__] = model
    return ModelSpec(
        name="walk", summary="s", factory=f"{__name__}:{model.__name__}", family="f", recipes=recipes, config=WalkConfig
    )


def test_training_that_reads_no_option_of_sampling_passes():
    assert has_stages(spec_of(Walk))
    check_stages(spec_of(Walk), SHAPE)


@pytest.mark.parametrize(("model", "name"), [(Scaled, "scale"), (Built, "steps"), (Drawing, "sampler")])
def test_the_option_that_training_reads_is_named(model, name):
    with pytest.raises(AssertionError, match=rf"training depends on {name}, declared with stage='sample'"):
        check_stages(spec_of(model), SHAPE)


def test_a_model_without_options_of_sampling_has_nothing_to_check():
    from genharness.plugin.registry import load_registry

    registry = load_registry()
    assert not has_stages(registry.models["gan"])
    assert has_stages(registry.models["ddpm"])
