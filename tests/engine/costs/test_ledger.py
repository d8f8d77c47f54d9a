"""What training has cost, over all attempts."""

import torch

from genharness.engine.costs.ledger import Ledger

CPU = torch.device("cpu")
BEFORE = {"train_seconds": 40.0, "train_cpu_seconds": 70.0, "peak_memory_mib": 1e9, "train_images_per_second": 3.0}


def test_a_resumed_training_goes_on_counting():
    ledger = Ledger(CPU, BEFORE)
    with ledger.clock.running():
        sum(range(100_000))
    found = ledger.measurements()
    assert found["train_seconds"] > 40
    assert found["train_cpu_seconds"] > 70
    assert found["peak_memory_mib"] == 1e9
    assert found["train_images_per_second"] == 3.0


def test_memory_taken_aside_is_not_counted():
    ledger = Ledger(CPU)
    before = ledger.measurements()["peak_memory_mib"]
    with ledger.aside():
        torch.ones(2**28 // 4).sum()
    assert ledger.measurements()["peak_memory_mib"] < before + 100


def test_the_load_of_the_machine_stands_beside_the_times(monkeypatch):
    loads = iter([(1.0, 0, 0), (4.0, 0, 0)])
    monkeypatch.setattr("os.getloadavg", lambda: next(loads))
    assert Ledger(CPU).measurements()["train_load_average"] == 2.5
