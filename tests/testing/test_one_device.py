"""What would go wrong on an accelerator, found without one."""

import pytest
import torch

from genharness.testing.one_device import META, OneDevice


def test_work_on_one_device_goes_through():
    with OneDevice():
        a = torch.ones(3, 4, device=META)
        assert (a @ a.T).shape == (3, 3)
        assert torch.ones(2).sum().item() == 2


def test_a_number_of_the_cpu_may_take_part():
    with OneDevice():
        assert (torch.ones(3, device=META) * torch.tensor(2.0)).shape == (3,)


@pytest.mark.parametrize(
    "mixed",
    [
        lambda far: far + torch.ones(3),
        lambda far: far.to("cpu"),
        lambda far: torch.ones(3).to(far.device),
        lambda far: far.copy_(torch.ones(3)),
    ],
    ids=["sum", "from it", "to it", "copy"],
)
def test_two_devices_in_one_operation_are_named(mixed):
    far = torch.ones(3, device=META)
    with OneDevice(), pytest.raises((RuntimeError, NotImplementedError), match=r"cpu|meta"):
        mixed(far)


@pytest.mark.parametrize("read", [float, bool, torch.Tensor.item])
def test_a_value_that_is_read_back_is_found(read):
    with OneDevice(), pytest.raises(RuntimeError):
        read(torch.ones((), device=META))
