"""The whole state of a training, written and read."""

import errno
import os
import zipfile
from dataclasses import replace

import pytest
import torch
from torch import nn

from genharness.engine.average import WeightAverage
from genharness.engine.checkpoint import (
    Checkpoint,
    UnreadableCheckpointError,
    load_checkpoint,
    save_checkpoint,
    taking_up,
)
from genharness.engine.random_state import random_state
from genharness.errors import RunError
from genharness.kit import GenerativeModel
from genharness.spec.plugins import DataShape


class Line(GenerativeModel):
    def __init__(self):
        super().__init__(DataShape("tabular", (2,)), None)
        self.body = nn.Linear(2, 2)
        self.optimiser = torch.optim.Adam(self.parameters(), lr=0.1)

    def step(self):
        self.optimiser.zero_grad()
        self.body(torch.ones(1, 2)).square().sum().backward()
        self.optimiser.step()


def checkpoint_of(model, average):
    return Checkpoint(
        training_id="vae-1",
        step=3,
        costs={"train_seconds": 1.5},
        cell_seconds=2.5,
        finished=False,
        model=model.state_dict(),
        training=model.training_state(),
        average=average.state(),
        random=random_state(),
        progress={"peak": 7},
    )


@pytest.fixture
def saved(tmp_path):
    model = Line()
    average = WeightAverage(model, 0.9)
    for _ in range(3):
        model.step()
        average.update()
    save_checkpoint(tmp_path / "checkpoint.pt", checkpoint_of(model, average))
    return tmp_path / "checkpoint.pt", model


def test_a_model_goes_on_from_it_as_it_would_have_gone_on(saved):
    path, model = saved
    found, other = load_checkpoint(path, "vae-1"), Line()
    found.restore(other, WeightAverage(other, 0.9))
    model.step()
    other.step()
    assert torch.equal(model.body.weight, other.body.weight)
    assert (found.step, found.costs, found.progress) == (3, {"train_seconds": 1.5}, {"peak": 7})


def test_where_there_is_none_there_is_none(tmp_path):
    assert load_checkpoint(tmp_path / "checkpoint.pt", "vae-1") is None


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def flip(path):
    with zipfile.ZipFile(path) as archive:
        large = max(archive.infolist(), key=lambda member: member.file_size)
        place = large.header_offset + 30 + len(large.filename) + large.file_size // 2
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)


def empty(path):
    path.write_bytes(b"")


def another_format(path):
    torch.save({"format": 99}, path)


def code(path):
    torch.save({"format": 1, "cell_id": print}, path)


def no_object(path):
    torch.save([1, 2], path)


def with_field(**fields):
    def damage(path):
        torch.save({**torch.load(path), **fields}, path)

    return damage


def packed(path):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


MISTYPED = [with_field(step="3"), with_field(model=None), with_field(training_id=[1]), with_field(average=3)]


@pytest.mark.parametrize(
    "damage", [cut, flip, empty, another_format, code, no_object, packed, *MISTYPED, with_field(format=None)]
)
def test_a_damaged_one_is_told_apart_from_none(saved, damage):
    path, _ = saved
    damage(path)
    with pytest.raises(UnreadableCheckpointError):
        load_checkpoint(path, "vae-1")


@pytest.mark.parametrize(
    "foreign",
    [
        with_field(model={"body.weight": torch.zeros(3, 3)}),
        with_field(training={"schedule": {}}),
        with_field(training={"optimiser": {"state": 1}}),
        with_field(average={"steps": 1}),
    ],
)
def test_one_that_does_not_fit_the_model_is_told_like_a_damaged_one(saved, foreign):
    path, model = saved
    foreign(path)
    found = load_checkpoint(path, "vae-1")
    with pytest.raises(UnreadableCheckpointError, match=r"\w"), taking_up(path):
        found.restore(model, WeightAverage(model, 0.9))


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ESTALE, errno.EACCES])
def test_what_cannot_be_read_just_now_is_not_called_damaged(saved, monkeypatch, number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(torch, "load", refuse)
    with pytest.raises(RunError, match=f"cannot read the checkpoint .*{os.strerror(number)}"):
        load_checkpoint(saved[0], "vae-1")


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_a_lack_of_memory_is_not_called_damage(saved, monkeypatch, error):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(torch, "load", refuse)
    with pytest.raises(RunError, match="not enough memory for the checkpoint"):
        load_checkpoint(saved[0], "vae-1")


def test_another_cells_is_refused_by_name(saved):
    with pytest.raises(UnreadableCheckpointError, match="it belongs to vae-1"):
        load_checkpoint(saved[0], "vae-2")


def test_a_full_disk_is_one_line_and_the_earlier_one_stays(saved, monkeypatch):
    path, model = saved
    before = path.read_bytes()

    def full(*_):
        raise RuntimeError("PytorchStreamWriter failed writing file\nmany lines")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(RunError, match=r"PytorchStreamWriter failed writing file.*free space") as caught:
        save_checkpoint(path, replace(checkpoint_of(model, WeightAverage(model, 0.9)), step=4))
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
