"""Trackers that write files: the numbers are those of the record, and a reader sees whole lines while a run goes on."""

import dataclasses
import json
from pathlib import Path

import pytest
from PIL import Image

from board_records import record
from genharness.errors import ConfigError
from genharness.plugin.execution import Event, make_tracker
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task

DONE = record("vae", 1.5, scores={"recall": None})
DONE.measurements |= {"train_steps": 20.0}
DONE.history.scores = {"step": [10, 20], "fid": [3.0, None], "samples": [5, 5]}


def ran(name, settings, results="."):
    tracker = make_tracker(load_registry(), name, {name: settings})
    tracker.start([Task(cell=DONE.cell, metrics={}, settings=Settings(results=Path(results)))])
    tracker.event(Event(cell_id=DONE.cell.id, phase="prepare"))
    tracker.event(Event(cell_id=DONE.cell.id, phase="train", step=10, values={"loss": 0.25}))
    return tracker


def test_lines_of_json_hold_options_losses_and_every_number(tmp_path):
    out = tmp_path / "deep" / "events.jsonl"
    tracker = ran("jsonl", {"file": str(out)})
    assert len(out.read_text().splitlines()) == 2  # whole lines before it is closed
    tracker.record(DONE)
    tracker.finish()
    start, event, end = (json.loads(line) for line in out.read_text().splitlines())
    assert (start["kind"], start["model"], start["seed"]) == ("start", "vae", 0)
    assert (event["step"], event["values"]) == (10, {"loss": 0.25})
    assert (end["status"], end["scores"], end["measurements"]) == ("ok", DONE.scores, DONE.measurements)
    assert end["curves"] == DONE.history.scores


def test_a_second_run_goes_on_in_the_same_file(tmp_path):
    for _ in range(2):
        ran("jsonl", {"file": str(tmp_path / "a.jsonl")}).finish()
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 4


def test_tensorboard_reads_the_numbers_of_the_record(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    tracker = ran("tensorboard", {"folder": str(tmp_path)})
    tracker.record(DONE)
    tracker.finish()
    found = accumulator.EventAccumulator(str(tmp_path / DONE.cell.id))
    found.Reload()
    values = {name: [(one.step, one.value) for one in found.Scalars(name)] for name in found.Tags()["scalars"]}
    assert values["train/loss"] == [(10, 0.25)]
    assert values["over training/fid"] == [(10, 3.0)]
    assert values["score/fid"] == [(20, 1.5)]
    assert values["cost/train_seconds"] == [(20, 10.0)]
    assert "score/recall" not in values


def test_tensorboard_has_pictures_options_and_a_table(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = Store(tmp_path / "results").cell(DONE.cell.id).path
    folder.mkdir(parents=True)
    Image.new("L", (8, 8), 200).save(folder / "grid.png")
    tracker = ran("tensorboard", {"folder": str(tmp_path)}, tmp_path / "results")
    tracker.record(dataclasses.replace(DONE, artefacts={"grid": "grid.png", "strip": "gone.png"}))
    tracker.finish()
    found = accumulator.EventAccumulator(str(tmp_path / DONE.cell.id))
    found.Reload()
    assert found.Tags()["images"] == ["pictures/grid"]
    table = accumulator.EventAccumulator(str(tmp_path / "results"))
    table.Reload()
    assert table.Tags()["tensors"] == ["results/text_summary"]


@pytest.mark.parametrize("name", ["jsonl", "tensorboard"])
def test_what_follows_a_colon_is_the_place(name, tmp_path, monkeypatch):
    if name == "tensorboard":
        pytest.importorskip("tensorboard")
    monkeypatch.chdir(tmp_path)
    tracker = make_tracker(load_registry(), f"{name}:there", {name: {}})
    tracker.start([])
    tracker.record(DONE)
    tracker.finish()
    assert [one.name for one in tmp_path.iterdir()] == ["there"]


def test_an_argument_is_text_that_is_there():
    with pytest.raises(ConfigError, match="write jsonl or jsonl:FILE"):
        make_tracker(load_registry(), "jsonl:")


def test_without_the_package_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match=r"pip install 'genharness\[tensorboard\]'"):
        make_tracker(load_registry(), "tensorboard")


def test_the_package_names_its_trackers():
    import genharness_track_files

    assert [spec.name for spec in genharness_track_files.genharness_trackers()] == ["jsonl", "tensorboard"]
