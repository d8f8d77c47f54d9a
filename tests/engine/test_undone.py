"""Steps are undone as often as one likes."""

import torch
from torch import nn
from torch.nn import functional as F

from genharness.engine.average import WeightAverage
from genharness.engine.undone import KeptState
from genharness.kit.model import GenerativeModel
from genharness.kit.optim import adam, minimise
from genharness.spec.options import NoOptions
from genharness.spec.plugins import DataShape


class Line(GenerativeModel):
    def __init__(self):
        super().__init__(DataShape("tabular", (1,)), NoOptions())
        self.layer = nn.Linear(1, 1)
        self.optimiser = adam(self.parameters(), 0.1)

    def training_step(self, batch):
        loss = F.mse_loss(self.layer(torch.ones(4, 1)), torch.zeros(4, 1))
        minimise(self.optimiser, loss)
        return {"loss": loss.detach()}

    def sample(self, n, *, labels, generator):
        return torch.zeros(n, 1)


def test_weights_and_optimiser_are_back_after_every_step_that_is_undone():
    model = Line()
    model.training_step(None)
    kept = KeptState(model, WeightAverage(model, None))
    losses = []
    for _ in range(3):
        losses.append([float(model.training_step(None)["loss"]) for _ in range(2)])
        kept.restore()
    assert losses[0] == losses[1] == losses[2]
    assert losses[0][0] > losses[0][1]
