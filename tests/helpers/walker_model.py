"""Source text of a plugin with a small model that is drawn from in steps, which training does not read."""

LIGHT = """
from dataclasses import dataclass

from genharness import ConfigError, ModelSpec, Recipe, hookimpl, option


@dataclass(frozen=True)
class WalkerConfig:
    lr: float = option(0.05, above=0, high=1, help="learning rate")
    most: int = option(20, low=1, high=100, help="most steps of sampling")
    steps: int = option(20, low=1, high=100, help="steps of sampling", stage="sample")
    noise: float = option(0.3, low=0, high=10, help="how far a step strays", stage="sample")
    walk: str = option("plain", choices=("plain", "long"), help="how it walks", stage="sample")

    def __post_init__(self):
        if self.steps > self.most:
            raise ConfigError(f"steps={self.steps} is more than most={self.most}")


@hookimpl
def genharness_models():
    recipe = Recipe(length="40steps", batch_size=16)
    recipes = {"smoke": recipe, "standard": recipe, "paper": recipe}
    return [
        ModelSpec(
            name="walker", summary="Walks from noise to the mean", factory="walker_plugin_heavy:Walker",
            family="walkers", recipes=recipes, config=WalkerConfig, draws=("walker_walks",),
        )
    ]
"""

HEAVY = """
import torch
from genharness.kit import GenerativeModel
from walker_walks import walk


class Walker(GenerativeModel):
    def __init__(self, data, config):
        super().__init__(data, config)
        size = data.channels * data.height * data.width
        self.step = torch.nn.Linear(size, size)
        self.optimiser = torch.optim.Adam(self.step.parameters(), lr=config.lr)

    def training_step(self, batch):
        x = batch.data.flatten(1)
        loss = (self.step(torch.randn_like(x)) - x).square().mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return {"loss": loss.detach()}

    def sample(self, n, *, labels, generator):
        x = torch.randn(n, self.step.in_features, generator=generator, device=generator.device)
        return walk(self.config, self.step, x, generator).view(n, *self.data.shape).clamp(-1, 1)
"""

WALKS = """
import torch


def walk(config, step, x, generator):
    for _ in range(config.steps):
        noise = torch.randn(x.shape, generator=generator, device=generator.device)
        x = torch.lerp(x, step(x) + config.noise * noise, 0.3)
    return x
"""


def install_walker(make_plugin):
    """Install it, and return the folder of its modules."""
    folder = make_plugin("walker-plugin", LIGHT, heavy=HEAVY)
    (folder / "walker_walks.py").write_text(WALKS)
    return folder
