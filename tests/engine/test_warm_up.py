"""Steps that leave no trace."""

import pytest
import torch

from genharness.engine.average import WeightAverage
from genharness.engine.build import build_model
from genharness.engine.costs.clock import Clock
from genharness.engine.feed import Feeder
from genharness.engine.loop import Trainer
from genharness.engine.warm_up import needs_warm_up, warm_up
from genharness.plugin.registry import load_registry
from genharness.spec.length import parse_length
from genharness.testing.synthetic import synthetic_data

CPU = torch.device("cpu")


def trained(name, *, warm):
    spec = load_registry().models.find(name)
    data = synthetic_data(8, 1)
    torch.manual_seed(0)
    model = build_model(spec, spec.recipes["smoke"].options, data.shape, CPU).train()
    average, feeder = WeightAverage(model, 0.9), Feeder(data, 16, seed=0, device=CPU)
    for length in (3, 6):  # in two parts, as a training that is resumed
        if warm:
            warm_up(model, feeder, average, "fp32")
        trainer = Trainer(
            model=model,
            feeder=feeder,
            average=average,
            length=parse_length(f"{length}steps"),
            precision="fp32",
            clock=Clock(CPU),
            step=length - 3,
        )
        quiet = {"on_progress": lambda progress: None, "on_pause": lambda: None, "on_score": lambda: None}
        trainer.train(**quiet, should_stop=lambda: False, checkpoint_seconds=1e9)
    return model, average


@pytest.mark.parametrize("name", ["gan", "dcgan", "wgan-gp", "sngan", "vae", "vq-vae"])
def test_a_warm_training_goes_the_way_of_a_cold_one(name):
    (cold, its), (warm, theirs) = trained(name, warm=False), trained(name, warm=True)
    for key, tensor in cold.state_dict().items():
        assert torch.equal(tensor, warm.state_dict()[key]), key
    for key, tensor in its.state()["average"].items():
        assert torch.equal(tensor, theirs.state()["average"][key]), key
    assert its.state()["steps"] == theirs.state()["steps"]


def test_compiled_networks_and_accelerators_are_warmed_up():
    assert needs_warm_up(CPU, compiled=True)
    assert needs_warm_up(torch.device("cuda:0"), compiled=False)
    assert not needs_warm_up(CPU, compiled=False)
