"""What every phase of a cell is given."""

import time

import pytest
import torch

from board_records import record
from genharness.cells.workplace import Workplace
from genharness.engine.loop import StopRequestedError
from genharness.results.cell_folder import CellFolder
from genharness.results.training_folder import TrainingFolder
from genharness.spec.cell import Settings

CELL = record("vae", 1.0).cell


def workplace(tmp_path, *, stop=False, began=None):
    events = []
    made = Workplace(
        cell=CELL,
        settings=Settings(results=tmp_path),
        folder=CellFolder(tmp_path),
        training=TrainingFolder(tmp_path),
        device=torch.device("cpu"),
        emit=events.append,
        should_stop=lambda: stop,
        **({} if began is None else {"began": began}),
    )
    return made, events


def test_news_are_of_its_cell(tmp_path):
    made, events = workplace(tmp_path)
    made.news("train", step=3, fraction=0.5)
    assert [(event.cell_id, event.phase, event.step, event.fraction) for event in events] == [
        (CELL.id, "train", 3, 0.5)
    ]


def test_the_clock_runs_from_the_beginning_of_the_attempt(tmp_path):
    made, _ = workplace(tmp_path, began=time.monotonic() - 100)
    assert made.seconds >= 100


def test_a_stop_ends_the_cell_only_where_it_was_asked_for(tmp_path):
    workplace(tmp_path)[0].stop_if_asked()
    with pytest.raises(StopRequestedError):
        workplace(tmp_path, stop=True)[0].stop_if_asked()
