"""Batches on the device: those of the processor, and nobody waits for them."""

import pytest
import torch

from genharness.engine.feed import Feeder
from genharness.testing import synthetic_data

OPTIONS = ({}, {"mirror": True}, {"balanced": True}, {"mirror": True, "balanced": True})


@pytest.fixture
def feeder(device):
    made = []

    def make(where=device, **options):
        made.append(Feeder(synthetic_data(8, 3), 16, seed=3, device=where, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("resident", [True, False])
def test_batches_are_those_of_the_processor(feeder, device, options, resident):
    ours = feeder(resident=resident, **options)
    theirs = feeder(torch.device("cpu"), resident=True, **options)
    for step in (0, 1, 7, 12, 31):
        (samples, labels), (expected, classes) = ours.batch(step), theirs.batch(step)
        assert samples.device == labels.device == device
        assert torch.allclose(samples.cpu(), expected, atol=1e-6)
        assert torch.equal(labels.cpu(), classes)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("resident", [True, False])
def test_no_batch_is_waited_for_not_even_the_first_of_an_epoch(feeder, without_waiting, options, resident):
    ours = feeder(resident=resident, **options)
    ours.batch(0)
    with without_waiting():
        for step in range(1, 2 * ours.steps_per_epoch + 1):
            ours.batch(step)


def test_data_that_is_held_is_stated_and_is_all_that_is_taken(feeder, cuda):
    before = torch.cuda.memory_allocated(cuda)
    held = feeder(resident=True)
    taken = torch.cuda.memory_allocated(cuda) - before
    assert held.resident_bytes <= taken <= held.resident_bytes + 2**20


def test_data_larger_than_a_quarter_of_free_memory_is_streamed(feeder, cuda, monkeypatch):
    size = synthetic_data(8, 3).samples("train").nbytes
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (3 * size, 4 * size))
    assert feeder().resident_bytes == 0
