"""What a device's name means."""

import pytest
import torch

from genharness.engine.devices import meant_devices, on_device


@pytest.mark.parametrize(
    ("name", "count", "meant"),
    [
        ("cpu", 2, ["cpu"]),
        ("meta", 2, ["meta"]),
        ("cuda:1", 2, ["cuda:1"]),
        ("cuda", 3, ["cuda:0", "cuda:1", "cuda:2"]),
        ("cuda", 1, ["cuda:0"]),
        ("cuda", 0, ["cuda"]),  # torch itself says what is wrong
    ],
)
def test_cuda_without_an_index_means_all_there_are(monkeypatch, name, count, meant):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert [str(device) for device in meant_devices(torch.device(name))] == meant


def test_a_cuda_device_becomes_the_current_one_of_a_block(monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cuda, "device", lambda device: asked.append(device) or torch.no_grad())
    with on_device(torch.device("cuda:1")), on_device(torch.device("cpu")):
        pass
    assert asked == [torch.device("cuda:1")]
