"""What every model inherits: the state of its training, and where it is."""

import pytest
import torch
from torch import nn

from genharness.errors import RunError
from genharness.kit import GenerativeModel
from genharness.spec.plugins import DataShape

TABLE = DataShape("tabular", (2,))


class Trained(GenerativeModel):
    def __init__(self):
        super().__init__(TABLE, None)
        self.body = nn.Linear(2, 2)
        self.optimiser = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)
        self.schedule = torch.optim.lr_scheduler.StepLR(self.optimiser, 2)
        self.name = "no state"

    def step(self):
        self.body(torch.ones(1, 2)).sum().backward()
        self.optimiser.step()
        self.schedule.step()


def test_optimisers_and_schedules_are_found_by_themselves_and_networks_are_left_to_the_weights():
    assert set(Trained().training_state()) == {"optimiser", "schedule"}


def test_another_model_takes_up_the_state():
    one, other = Trained(), Trained()
    one.step()
    one.step()
    other.load_training_state(one.training_state())
    assert other.schedule.get_last_lr() == one.schedule.get_last_lr() == pytest.approx([0.01])
    assert torch.equal(*(next(iter(each.optimiser.state.values()))["momentum_buffer"] for each in (one, other)))


def test_a_model_is_where_its_weights_are_and_on_the_cpu_without_any():
    with torch.device("meta"):
        assert Trained().device.type == "meta"
    assert GenerativeModel(TABLE, None).device.type == "cpu"


def test_a_model_that_only_looks_at_data_says_so_where_it_is_asked_to_train():
    with pytest.raises(RunError, match="GenerativeModel has no training step: its recipes must say length='0steps'"):
        GenerativeModel(TABLE, None).training_step(None)


def test_the_average_covers_the_whole_model_unless_it_says_otherwise():
    model = Trained()
    assert model.averaged_module() is model
