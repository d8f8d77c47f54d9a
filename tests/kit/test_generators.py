import pytest
import torch

from genharness.kit.blocks import random_normal
from genharness.kit.generators import seeded_generator


def test_a_seed_decides_what_is_drawn():
    first, again, other = (torch.randn(5, generator=seeded_generator(torch.device("cpu"), seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_what_is_drawn_is_on_the_device_asked_for(device):
    generator = seeded_generator(torch.device(device))
    assert generator.device.type == random_normal(2, 3, generator=generator).device.type == device


def test_nothing_is_drawn_for_the_meta_device():
    generator = seeded_generator(torch.device("meta"))
    before = generator.get_state()
    random_normal(7, generator=generator)
    assert torch.equal(before, generator.get_state())
