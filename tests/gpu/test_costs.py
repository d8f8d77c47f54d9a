"""What training and sampling cost on the device."""

import time

import pytest
import torch

from genharness.engine.average import WeightAverage
from genharness.engine.build import build_model
from genharness.engine.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from genharness.engine.costs.clock import Clock
from genharness.engine.costs.energy import energy_meter
from genharness.engine.costs.footprint import peak_memory, reset_peak
from genharness.engine.costs.latency import sampling_speed
from genharness.engine.costs.ledger import Ledger
from genharness.engine.costs.operations import sampling_operations, step_work
from genharness.engine.random_state import random_state
from genharness.engine.sampler import Sampler
from genharness.plugin.registry import load_registry
from genharness.testing import synthetic_data

MIB = 2**20


@pytest.fixture
def model(device):
    spec = load_registry().models.find("dcgan")
    return build_model(spec, spec.recipes["smoke"].options, synthetic_data(8, 1).shape, device)


def allocate(device, mib):
    torch.ones(mib * MIB, dtype=torch.uint8, device=device).sum().item()


def test_memory_of_scoring_is_not_that_of_training(device):
    ledger = Ledger(device)
    name = "peak_accelerator_mib" if device.type == "cuda" else "peak_memory_mib"
    before = ledger.measurements()[name]
    with ledger.aside():
        allocate(device, 100)
    assert ledger.measurements()[name] < before + 50
    allocate(device, 100)
    assert ledger.measurements()[name] > before + 75


def test_counting_the_operations_of_a_step_takes_nothing_of_the_device(cuda):
    spec, shape = load_registry().models.find("dcgan"), synthetic_data(8, 1).shape
    reset_peak(cuda)
    before = torch.cuda.memory_allocated(cuda)
    step_work(build_model(spec, spec.recipes["smoke"].options, shape, torch.device("meta")), 16)
    assert peak_memory(cuda)["peak_accelerator_mib"] <= before / MIB


def test_operations_of_a_sample_are_those_of_the_processor(device, model):
    spec, shape = load_registry().models.find("dcgan"), synthetic_data(8, 1).shape
    on_cpu = build_model(spec, spec.recipes["smoke"].options, shape, torch.device("cpu"))
    expected = sampling_operations(on_cpu.eval(), None)
    assert sampling_operations(model.eval(), None) == expected
    assert expected["sample_flops"] > 0


def test_a_clock_waits_for_the_device(cuda):
    a = torch.randn(4096, 4096, device=cuda)
    clock = Clock(cuda)
    a @ a  # cuBLAS starts
    with clock.running():
        for _ in range(50):
            a @ a
    start = time.perf_counter()
    torch.cuda.synchronize(cuda)
    assert time.perf_counter() - start < 0.1 * clock.seconds


def test_latency_is_measured_on_the_devices_own_clock(device, model):
    measured, sweep = sampling_speed(Sampler(model.eval(), "dcgan", "fp32"), None, 8)
    assert 0 < measured["latency_p50_ms"] <= measured["latency_p95_ms"] <= measured["latency_p99_ms"]
    assert sweep["batch_size"] == [1, 8]


def test_the_energy_of_the_gpu_is_counted_or_the_reason_is_given(cuda):
    meter, uncounted = energy_meter(cuda)
    meter.start()
    a = torch.randn(4096, 4096, device=cuda)
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        (a @ a).sum().item()
    meter.pause()
    assert ("gpu" in uncounted) != (meter.joules.get("train_energy_gpu_joules", 0.0) > 0)


def test_a_checkpoint_of_the_device_is_read_on_the_processor(device, model, tmp_path):
    average = WeightAverage(model, 0.9)
    saved = Checkpoint(
        training_id="c", step=3, costs={}, cell_seconds=1.0, finished=False, model=model.state_dict(),
        training=model.training_state(), average=average.state(), random=random_state(), progress={},
    )  # fmt: skip
    save_checkpoint(tmp_path / "checkpoint.pt", saved)
    found = load_checkpoint(tmp_path / "checkpoint.pt", "c")
    assert {part.device.type for part in found.model.values()} == {"cpu"}
    found.restore(model, average)
    assert {part.device for part in model.state_dict().values()} == {device}
    assert {part.device for part in average.state()["average"].values()} == {device}
