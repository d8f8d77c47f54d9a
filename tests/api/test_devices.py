"""Devices by the words that users say."""

import pytest

from genharness.api.devices import resolve_device
from genharness.errors import ConfigError


@pytest.mark.parametrize("device", [pytest.param("gpu", id="no name of one"), "cuda:x", "cpu:0", "auto:1", ""])
def test_what_is_no_device_is_refused(device):
    with pytest.raises(ConfigError, match="is none of auto, cpu, cuda, cuda:0"):
        resolve_device(device)


def test_the_cpu_is_always_there():
    assert resolve_device("cpu") == "cpu"


@pytest.mark.parametrize(
    ("wanted", "count", "device"),
    [("auto", 0, "cpu"), ("auto", 2, "cuda"), ("cuda", 1, "cuda"), ("cuda:1", 2, "cuda:1")],
)
def test_a_gpu_is_taken_where_there_is_one(monkeypatch, wanted, count, device):
    pretend(monkeypatch, count)
    assert resolve_device(wanted) == device


@pytest.mark.parametrize(("wanted", "count"), [("cuda", 0), ("cuda:0", 0), ("cuda:2", 2)])
def test_a_gpu_that_is_not_there_is_refused(monkeypatch, wanted, count):
    pretend(monkeypatch, count)
    with pytest.raises(ConfigError, match=f"device '{wanted}' is not there"):
        resolve_device(wanted)


def pretend(monkeypatch, count):
    monkeypatch.setattr("genharness.api.devices._may_have_cuda", lambda: True)
    monkeypatch.setattr("torch.cuda.is_available", lambda: count > 0)
    monkeypatch.setattr("torch.cuda.device_count", lambda: count)
