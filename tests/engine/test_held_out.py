"""Losses of held-out samples, and that looking at them leaves no trace."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from genharness.engine.average import WeightAverage
from genharness.engine.build import build_model
from genharness.engine.feed import Feeder, to_unit_range
from genharness.engine.held_out import HeldOutLosses
from genharness.engine.random_state import seed_everything
from genharness.kit.model import Batch
from genharness.plugin.registry import load_registry
from genharness.testing.synthetic import synthetic_data

CPU = torch.device("cpu")


def built(name, data):
    spec = load_registry().models.find(name)
    seed_everything(0)
    return build_model(spec, spec.recipes["smoke"].options, data.shape, CPU).train()


def trained(name, *, looked):
    data = synthetic_data(8, 1)
    model = built(name, data)
    average, feeder = WeightAverage(model, 0.9), Feeder(data, 16, seed=0, device=CPU)
    held_out, said = HeldOutLosses(data, 16, most=32, seed=0), []
    for step in range(4):
        if looked and step:
            said.append(held_out.losses(model, average, "fp32", step / 4))
        samples, labels = feeder.batch(step)
        said.append(
            {key: float(value) for key, value in model.training_step(Batch(samples, labels, step, step / 4)).items()}
        )
        average.update()
    return model, average, said


SLOW = ("vae", "glow", "edm", "stylegan2", "ddpm", "pixelcnn", "wgan-gp")


@pytest.mark.parametrize("name", ["dcgan", "vq-vae", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_a_training_that_is_looked_at_goes_the_way_of_one_that_is_not(name):
    (alone, its, losses), (seen, theirs, with_looks) = trained(name, looked=False), trained(name, looked=True)
    assert with_looks[::2] == losses
    assert with_looks[1].keys() >= losses[0].keys()
    for key, tensor in alone.state_dict().items():
        assert torch.equal(tensor, seen.state_dict()[key]), key
    for key, tensor in its.state()["average"].items():
        assert torch.equal(tensor, theirs.state()["average"][key]), key


@pytest.mark.parametrize("share", [4, 1])
def test_every_held_out_sample_meets_the_same_weights(share):
    data = synthetic_data(8, 1)
    images = torch.from_numpy(np.array(data.samples("test")))
    model = built("ae", data)
    held_out = HeldOutLosses(data, len(images) // share, most=len(images) // share * share, seed=0)
    found = held_out.losses(model, WeightAverage(model, None), "fp32", 0.0)
    assert len(images) % share == 0  # all are in whole batches
    x = to_unit_range(images)
    with torch.no_grad():
        expected = F.binary_cross_entropy_with_logits(model.decoder(model.encode(x)), (x + 1) / 2)
    assert found["loss"] == pytest.approx(expected.item(), rel=1e-5)


def test_a_loss_that_is_not_finite_is_none(monkeypatch):
    data = synthetic_data(8, 1)
    model = built("ae", data)
    monkeypatch.setattr(model, "training_step", lambda batch: {"loss": torch.tensor(float("nan"))})
    assert HeldOutLosses(data, 16, most=16, seed=0).losses(model, WeightAverage(model, None), "fp32", 0.0) == {
        "loss": None
    }
