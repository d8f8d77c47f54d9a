"""Every model on the device: conformance, steps that nobody waits for, in every precision."""

import functools
import math
import unittest

import pytest
import torch

from genharness.engine.arithmetic import set_arithmetic
from genharness.engine.average import WeightAverage
from genharness.engine.build import build_model
from genharness.engine.feed import Feeder
from genharness.engine.warm_up import needs_warm_up, warm_up
from genharness.kit.precision import autocast
from genharness.plugin.registry import load_registry
from genharness.testing import model_checks, synthetic_data
from genharness.testing.rig import Rig

ALL = [spec for spec in load_registry().models.values() if not spec.argument]
MODELS = {spec.name: spec for spec in ALL if "image" in spec.modalities}
TRAINED = [name for name, spec in MODELS.items() if spec.trained]
STEPS = 6
"""More than the steps of a critic between two of its generator."""


@functools.cache
def data_of(name):
    return synthetic_data(MODELS[name].min_size, MODELS[name].channels[0])


def rig_of(name, device):
    spec = MODELS[name]
    return Rig(spec.configured(spec.recipes["smoke"].options), data_of(name), device, steps=STEPS)


@pytest.mark.parametrize("check", [check for check in model_checks(MODELS.values()) if check.gpu], ids=str)
def test_it_works_on_cuda(cuda, check):
    try:
        check()
    except unittest.SkipTest as skip:
        pytest.skip(str(skip))


@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16"])
@pytest.mark.parametrize("name", TRAINED)
def test_a_step_moves_the_weights_and_waits_for_nothing(device, name, precision, without_waiting):
    set_arithmetic(device, precision, deterministic=False)
    rig = rig_of(name, device)
    model = rig.build()
    batches = [rig.batch(step) for step in range(STEPS)]
    before = [part.detach().clone() for part in model.averaged_module().parameters()]
    losses = []
    for step, batch in enumerate(batches):
        with autocast(device, precision):
            if step == 0:  # optimisers make their state, cuDNN tries its algorithms
                losses.append(model.training_step(batch))
                continue
            with without_waiting():
                losses.append(model.training_step(batch))
    assert all(math.isfinite(float(value)) for step in losses for value in step.values())
    moved = [not torch.equal(a, b) for a, b in zip(before, model.averaged_module().parameters(), strict=True)]
    assert any(moved)


@pytest.mark.parametrize("name", ["dcgan", "wgan-gp", "vae", "ddpm"])
def test_a_warm_training_goes_the_way_of_a_cold_one(device, name):
    torch.manual_seed(0)
    rig = rig_of(name, device)
    model = rig.build().train()
    feeder = Feeder(rig.data, 8, seed=0, device=device, resident=True)
    average = WeightAverage(model, 0.9)
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    numbers = torch.rand(1, device=device)
    torch.manual_seed(1)
    warm_up(model, feeder, average, "fp32")
    drawn = torch.rand(1, device=device)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1, device=device), drawn)
    assert numbers.device.type == device.type
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())
    assert all(not state for state in (part.get("state") for part in model.training_state().values() if part))


def test_an_accelerator_is_warmed_up(cuda):
    assert needs_warm_up(cuda, compiled=False)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_optimiser_is_fused_and_images_are_channels_last(cuda, compiled):
    spec = MODELS["dcgan"]
    model = build_model(spec, spec.recipes["smoke"].options, data_of("dcgan").shape, cuda, compiled=compiled)
    weights = [part for part in model.parameters() if part.ndim == 4 and part.shape[1] > 1 and part.shape[2] > 1]
    assert all(part.is_contiguous(memory_format=torch.channels_last) for part in weights)
    optimisers = [part for part in vars(model).values() if isinstance(part, torch.optim.Optimizer)]
    assert all(group["fused"] for part in optimisers for group in part.param_groups)
