"""Checkpoints that somebody else wrote, or a disk changed: taken up, or refused with the one error that means so."""

import io
import zipfile

import pytest
import torch
from torch import nn

from fuzzing import INPUTS, campaign, damaged, repacked
from genharness.engine.average import WeightAverage
from genharness.engine.checkpoint import Checkpoint, UnreadableCheckpointError, load_checkpoint, save_checkpoint
from genharness.engine.random_state import random_state
from genharness.kit import GenerativeModel
from genharness.spec.plugins import DataShape

WORDS = [
    b"cbuiltins\neval\n",
    b"cos\nsystem\n",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"training_id",
    b"step",
    b"format",
]
WORDS += [
    b"model",
    b"training",
    b"random",
    b"progress",
    b"history",
    b"finished",
    b"FloatStorage",
    b"LongStorage",
    b"cpu",
]


class Line(GenerativeModel):
    def __init__(self):
        super().__init__(DataShape("tabular", (2,)), None)
        self.body = nn.Linear(2, 2)
        self.optimiser = torch.optim.Adam(self.parameters(), lr=0.1)


def checkpoint(folder):
    """Return the bytes of a sound one."""
    model = Line()
    average = WeightAverage(model, 0.9)
    model.body(torch.ones(1, 2)).sum().backward()
    model.optimiser.step()
    made = Checkpoint(
        training_id="vae-1",
        step=3,
        costs={"train_seconds": 1.5},
        cell_seconds=2.5,
        finished=False,
        model=model.state_dict(),
        training=model.training_state(),
        average=average.state(),
        random={key: value for key, value in random_state().items() if key != "python"},
        progress={"history": {}, "strip": [torch.zeros(2, 2)]},
    )
    save_checkpoint(folder / "sound.pt", made)
    return (folder / "sound.pt").read_bytes()


@pytest.fixture
def taken_up(tmp_path):
    """A check that takes up a checkpoint as a run does."""
    path, model = tmp_path / "checkpoint.pt", Line()
    average = WeightAverage(model, 0.9)

    def check(content):
        path.write_bytes(content)
        try:
            found = load_checkpoint(path, "vae-1")
            if found is not None:
                found.restore(model, average)
        except UnreadableCheckpointError as error:
            reason = str(error)
        else:
            return
        assert reason
        assert "\n" not in reason

    return check


@INPUTS
def test_checkpoints_whose_bytes_are_damaged(taken_up, tmp_path, inputs):
    campaign(inputs, damaged([checkpoint(tmp_path)], WORDS), taken_up, tmp_path)


@INPUTS
def test_checkpoints_whose_parts_are_damaged(taken_up, tmp_path, inputs):
    with zipfile.ZipFile(io.BytesIO(checkpoint(tmp_path))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    campaign(inputs, repacked(members, words=WORDS), taken_up, tmp_path)
