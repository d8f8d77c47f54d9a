"""Energy from counters of the machine, played by files and by a library that is none."""

import ctypes
from types import SimpleNamespace

import pytest
import torch

from genharness.engine.costs.energy import Counter, EnergyMeter, energy_meter, nvml_counter, rapl_counters


@pytest.fixture
def package(tmp_path):
    def make(name="intel-rapl:0", microjoules=1_000_000, largest=10_000_000):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "energy_uj").write_text(f"{microjoules}\n")
        (folder / "max_energy_range_uj").write_text(f"{largest}\n")
        return folder / "energy_uj"

    return make


def test_the_packages_of_the_machine_are_added_and_their_parts_are_not(tmp_path, package):
    files = [package("intel-rapl:0"), package("intel-rapl:1")]
    package("intel-rapl:0:0")
    counters, reason = rapl_counters(tmp_path)
    meter = EnergyMeter(counters)
    meter.start()
    files[0].write_text("3500000\n")
    files[1].write_text("1250000\n")
    meter.pause()
    assert (meter.joules, reason) == ({"train_energy_cpu_joules": 2.75}, "")


def test_a_counter_that_began_again_loses_nothing(tmp_path, package):
    file = package(microjoules=9_000_000, largest=10_000_000)
    meter = EnergyMeter(rapl_counters(tmp_path)[0])
    meter.start()
    file.write_text("500000\n")
    meter.pause()
    assert meter.joules["train_energy_cpu_joules"] == pytest.approx(1.5)


def test_what_is_spent_in_a_pause_does_not_count(tmp_path, package):
    file = package()
    meter = EnergyMeter(rapl_counters(tmp_path)[0], {"train_energy_cpu_joules": 40.0})
    for before, after in ((1, 3), (7, 8)):
        file.write_text(f"{before * 1_000_000}\n")
        meter.start()
        file.write_text(f"{after * 1_000_000}\n")
        meter.pause()
    assert meter.joules["train_energy_cpu_joules"] == pytest.approx(43.0)


def test_a_machine_without_counters_says_so(tmp_path):
    counters, reason = rapl_counters(tmp_path)
    assert (counters, reason) == ([], f"{tmp_path} shows no processor package")
    assert EnergyMeter(counters).joules == {}


def test_counters_that_only_root_may_read_are_the_reason(tmp_path, package, monkeypatch):
    package()

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_text", refused)
    counters, reason = rapl_counters(tmp_path)
    assert (counters, reason) == ([], f"{tmp_path / 'intel-rapl:0'} cannot be read (Permission denied)")


def library(*, known=0, counts=0):
    """Return NVML, as far as it is called: functions that fill in what a pointer is at, and give 0 if all is well."""
    nvml = SimpleNamespace(
        millijoules=5000, nvmlInit_v2=lambda: 0, nvmlDeviceGetHandleByUUID=lambda uuid, handle: known
    )

    def energy(handle, pointer):
        ctypes.cast(pointer, ctypes.POINTER(ctypes.c_ulonglong))[0] = nvml.millijoules
        return counts

    nvml.nvmlDeviceGetTotalEnergyConsumption = energy
    return nvml


def test_a_gpu_counts_in_millijoules():
    nvml = library()
    (counter,), reason = nvml_counter("GPU-1", lambda name: nvml)
    nvml.millijoules += 1500
    assert (counter.read(), reason) == (6.5, "")


def unloadable(name):
    raise OSError(f"{name}: cannot open shared object file")


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (unloadable, "NVML cannot be loaded (libnvidia-ml.so.1: cannot open shared object file)"),
        (lambda name: library(known=6), "NVML does not know the GPU GPU-1 (error 6)"),
        (lambda name: library(counts=3), "NVML gives no energy of the GPU GPU-1 (error 3)"),
    ],
)
def test_a_gpu_that_does_not_count_says_why(load, reason):
    assert nvml_counter("GPU-1", load) == ([], reason)


def test_a_meter_that_never_started_counted_nothing():
    meter = EnergyMeter([Counter("train_energy_gpu_joules", lambda: 1.0)])
    meter.pause()
    assert meter.joules == {"train_energy_gpu_joules": 0.0}


def test_a_counter_that_stops_answering_costs_the_measurement_and_no_more():
    def read():
        raise OSError(15, "the GPU is lost")

    meter = EnergyMeter([Counter("train_energy_gpu_joules", read)])
    meter.start()
    meter.pause()
    assert meter.joules == {}


def test_what_cannot_be_counted_here_has_its_reason(monkeypatch, tmp_path):
    monkeypatch.setattr("genharness.engine.costs.energy.rapl_counters", lambda: rapl_counters(tmp_path))
    meter, reasons = energy_meter(torch.device("cpu"), {"train_energy_cpu_joules": 3.0})
    assert reasons == {"cpu": f"{tmp_path} shows no processor package"}
    assert meter.joules == {}  # a part of what training took is not what it took
