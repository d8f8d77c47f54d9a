"""Latency and throughput: of the model, as fast as it is, however busy the machine."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from genharness.engine.costs import latency
from genharness.engine.costs.latency import sampling_speed
from genharness.engine.sampler import Sampler
from genharness.spec.plugins import DataShape

CPU = torch.device("cpu")


class Model(nn.Module):
    """Remembers the batches that it was asked for, and gives what no check would pass."""

    def __init__(self):
        super().__init__()
        self.data, self.device, self.asked = DataShape("image", (1, 8, 8)), CPU, []

    def sample(self, n, *, labels, generator):
        self.asked.append((n, None if labels is None else labels.tolist()))
        return torch.full((n, 1, 8, 8), torch.nan)


def test_the_model_is_timed_and_no_check_of_its_samples():
    measured, sweep = sampling_speed(Sampler(Model(), "model", "fp32"), None)
    assert measured["latency_calls"] == 100
    assert 0 < measured["latency_p50_ms"] <= measured["latency_p95_ms"] <= measured["latency_p99_ms"]
    assert sweep["batch_size"] == [1, 8, 32, 128, 512]
    assert measured["sample_images_per_second"] == max(sweep["images_per_second"])


def test_no_batch_is_larger_than_allowed_and_each_has_its_labels():
    model = Model()
    _, sweep = sampling_speed(Sampler(model, "model", "fp32"), torch.arange(40) % 4, largest=40)
    assert sweep["batch_size"] == [1, 8, 32]
    assert all(labels == [place % 4 for place in range(n)] for n, labels in model.asked)


def rounds(*seconds):
    """Return a timer of calls that fill a round each."""
    left = list(seconds)
    return lambda: left.pop(0), left


def test_two_rounds_that_agree_end_the_timing_of_a_batch_size():
    timed, left = rounds(0.1, 0.09, 0.31, 0.0905, 0.5)
    assert latency._seconds_of_a_call(timed) == pytest.approx(0.09)
    assert left == [0.5]


def test_a_slow_sampler_is_timed_once():
    timed, left = rounds(3.0, 2.0)
    assert latency._seconds_of_a_call(timed) == 3.0
    assert left == [2.0]


def test_short_calls_fill_a_round():
    calls = []
    latency._seconds_of_a_call(lambda: calls.append(1) or 0.001)
    assert len(calls) == 2 * 30


def test_the_sweep_ends_where_memory_does():
    def call(size):
        if size > 8:
            raise torch.OutOfMemoryError("CUDA out of memory")

    assert latency._sweep(CPU, call, 512)["batch_size"] == [1, 8]


def test_a_defect_in_the_sweep_is_no_lack_of_memory():
    def call(size):
        raise KeyError("latent")

    with pytest.raises(KeyError):
        latency._sweep(CPU, call, 512)


class Clock:
    """A clock that only calls move on."""

    def __init__(self, monkeypatch, seconds):
        self.now, self.calls, self._seconds = 0.0, [], seconds
        monkeypatch.setattr(latency, "time", SimpleNamespace(perf_counter=lambda: self.now))

    def call(self, size):
        self.calls.append(size)
        self.now += self._seconds(size)


def test_a_batch_that_cannot_end_in_time_is_not_begun(monkeypatch):
    clock = Clock(monkeypatch, lambda size: 0.02 * size)  # 512 would take 10 s, twice
    sweep = latency._sweep(CPU, clock.call, 512)
    assert sweep["batch_size"] == [1, 8, 32, 128]
    assert sweep["images_per_second"] == pytest.approx([50] * 4)
    assert clock.now < latency._SECONDS


def test_a_batch_that_takes_no_longer_than_a_smaller_one_is_timed_though_each_is_slow(monkeypatch):
    clock = Clock(monkeypatch, lambda size: 1.9)  # a device that waits for its next order
    assert latency._sweep(CPU, clock.call, 512)["batch_size"] == [1, 8, 32, 128, 512]
    assert clock.calls == [1, 1, 8, 8, 32, 32, 128, 128, 512, 512]
