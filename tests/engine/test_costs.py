"""Parameters and memory; and measuring that loses nothing."""

import pytest
import torch
from torch import nn

from genharness.engine import costs

CPU = torch.device("cpu")


class Player(nn.Module):
    def __init__(self):
        super().__init__()
        self.G, self.D = nn.Linear(3, 2), nn.Linear(5, 1)

    def averaged_module(self):
        return self.G


def test_the_generator_is_a_part_of_the_parameters():
    assert costs.parameters(Player()) == {"parameters": 8 + 6, "generator_parameters": 8}


def test_what_cannot_be_measured_is_a_note():
    assert costs.attempted("latency", lambda: {"latency": 1.0}, {}) == ({"latency": 1.0}, ())
    found, notes = costs.attempted("latency", lambda: 1 / 0, {})
    assert (found, notes) == ({}, ("latency not measured: ZeroDivisionError: division by zero",))


def test_a_peak_of_memory_can_be_begun_anew():
    before = costs.peak_memory(CPU)["peak_memory_mib"]
    torch.ones(2**28 // 4).sum()  # 256 MiB
    high = costs.peak_memory(CPU)["peak_memory_mib"]
    costs.reset_peak(CPU)
    low = costs.peak_memory(CPU)["peak_memory_mib"]
    assert high > before
    assert low < high - 100


def test_where_the_peak_cannot_be_begun_anew_it_is_that_of_the_process(tmp_path, monkeypatch):
    monkeypatch.setattr(costs, "_STATUS", tmp_path / "none")
    monkeypatch.setattr(costs, "_CLEAR", tmp_path / "none" / "none")
    costs.reset_peak(CPU)
    assert costs.peak_memory(CPU)["peak_memory_mib"] > 100


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory")])
def test_lack_of_memory_is_a_note_too(error):
    def measure():
        raise error

    assert costs.attempted("operations", measure, {})[0] == {}
