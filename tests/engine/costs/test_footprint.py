"""Parameters and memory; and measuring that loses nothing."""

import pytest
import torch
from torch import nn

from genharness.engine.costs import footprint

CPU = torch.device("cpu")


class Player(nn.Module):
    def __init__(self):
        super().__init__()
        self.G, self.D = nn.Linear(3, 2), nn.Linear(5, 1)

    def averaged_module(self):
        return self.G


def test_the_generator_is_a_part_of_the_parameters():
    assert footprint.parameters(Player()) == {"parameters": 8 + 6, "generator_parameters": 8}


def test_what_cannot_be_measured_is_a_note():
    assert footprint.attempted("latency", lambda: {"latency": 1.0}, {}) == ({"latency": 1.0}, ())
    found, notes = footprint.attempted("latency", lambda: 1 / 0, {})
    assert (found, notes) == ({}, ("latency not measured: ZeroDivisionError: division by zero",))


def test_a_peak_of_memory_can_be_begun_anew():
    footprint.reset_peak(CPU)  # of what this process did before
    before = footprint.peak_memory(CPU)["peak_memory_mib"]
    torch.ones(2**28 // 4).sum()  # 256 MiB
    high = footprint.peak_memory(CPU)["peak_memory_mib"]
    footprint.reset_peak(CPU)
    low = footprint.peak_memory(CPU)["peak_memory_mib"]
    assert high > before
    assert low < high - 100


def test_where_the_peak_cannot_be_begun_anew_it_is_that_of_the_process(tmp_path, monkeypatch):
    monkeypatch.setattr(footprint, "_STATUS", tmp_path / "none")
    monkeypatch.setattr(footprint, "_CLEAR", tmp_path / "none" / "none")
    footprint.reset_peak(CPU)
    assert footprint.peak_memory(CPU)["peak_memory_mib"] > 100


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory")])
def test_lack_of_memory_is_a_note_too(error):
    def measure():
        raise error

    assert footprint.attempted("operations", measure, {})[0] == {}
