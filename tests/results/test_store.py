import json
import os
from dataclasses import replace

import pytest

from genharness.errors import ConfigError, RunError
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.history import History
from genharness.spec.protocol import Protocol
from genharness.spec.record import SCHEMA_VERSION, Record


def record(model="vae", seed=0, **changes):
    protocol = Protocol(extractor="classifier", sample_count=10)
    cell = Cell(model=model, dataset="digits", seed=seed, budget="smoke", length="1steps", protocol=protocol)
    values = {"scores": {"fid": 1.5}, "protocol": protocol.as_plain(), "protocol_hash": protocol.hash, **changes}
    return Record(cell=cell, status="ok", **values)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    return store


def test_a_record_comes_back_as_it_was_saved(store):
    saved = record(history=History(losses={"step": [1], "loss": [0.5]}))
    store.save(saved)
    assert store.load(saved.cell.id) == saved


def test_what_json_has_no_number_for_becomes_null(store):
    saved = record(scores={"fid": float("nan")})
    store.save(saved)
    assert store.load(saved.cell.id).scores == {"fid": None}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"schema": 1}', b"\x00\xff", b'{"schema": "1"}'])
def test_an_unreadable_record_is_named_set_aside_and_not_fatal_to_the_others(store, content):
    store.save(record())
    (store.records_folder / "bad.json").write_bytes(content)
    assert [one.cell.model for one in store.records()] == ["vae"]
    assert "bad.json is unreadable" in store.warnings[0]
    assert (store.folder / "set-aside" / "bad.json").read_bytes() == content
    assert not (store.records_folder / "bad.json").exists()


def test_a_truncated_record_is_set_aside(store):
    path = store.save(record())
    path.write_bytes(path.read_bytes()[:200])
    assert store.load(record().cell.id) is None
    assert store.warnings


def test_a_record_of_a_newer_schema_is_refused_with_the_remedy(store):
    path = store.save(record())
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": SCHEMA_VERSION + 1}))
    with pytest.raises(RunError, match=r"newer than this genharness reads .* upgrade genharness"):
        list(store.records())
    assert path.exists()


def test_a_record_that_is_being_written_is_not_read_and_not_moved(store):
    done = store.save(record())
    half = store.records_folder / f".123-0a1b2c3d.{done.name}"
    half.write_text("{")
    assert len(list(store.records())) == 1
    assert store.find(done.stem).cell == record().cell
    assert half.exists()
    assert store.warnings == []


def test_what_killed_writers_left_of_a_cell_is_removed_and_nothing_else(store):
    cell = record().cell
    inside = store.cell(cell.id).path / "features"
    inside.mkdir(parents=True)
    left = [
        store.records_folder / f".1-00000000.{cell.id}.json",
        store.cell(cell.id).path / ".1-00000000.samples.npz",
        inside / ".1-00000000.abc" / "features.npy",
    ]
    left[2].parent.mkdir()
    other = store.records_folder / ".1-00000000.other.json"
    for path in (*left, other, store.cell(cell.id).path / "samples.npz"):
        path.touch()
    store.remove_leftovers(cell.id)
    assert not any(path.exists() for path in left)
    assert other.exists()
    assert (store.cell(cell.id).path / "samples.npz").exists()


def test_a_failure_never_replaces_a_finished_record(store):
    store.save(record())
    store.settle(replace(record(), status="failed", reason="x"))
    assert store.load(record().cell.id).finished


def test_a_record_that_cannot_be_written_says_so_itself(store, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("genharness.results.store.write_bytes", full)
    settled = store.settle(record())
    assert settled.status == "failed"
    assert "No space left on device" in settled.reason


def test_a_results_path_that_is_a_file_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(RunError, match="is a file"):
        Store(path).open_for_writing()
    with pytest.raises(RunError, match="is a file"):
        list(Store(path).records())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_results_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match="cannot write to the results folder"):
        Store(tmp_path / "results").open_for_writing()


def test_a_folder_that_cannot_be_written_is_refused(store, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.touch", refuse)
    with pytest.raises(RunError, match=r"cannot write to the results folder .*Permission denied.*--results"):
        store.open_for_writing()


def test_a_full_disk_leaves_the_earlier_record(store, monkeypatch):
    path = store.save(record())
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RunError, match="No space left on device"):
        store.save(record(scores={"fid": 2.0}))
    assert path.read_bytes() == before
    assert [one.name for one in store.records_folder.iterdir()] == [path.name]


def test_a_cell_is_found_by_the_beginning_of_its_name(store):
    store.save(record())
    assert store.find("vae-digits").cell.model == "vae"
    store.save(record(seed=1))
    with pytest.raises(ConfigError, match="could be"):
        store.find("vae-digits")
    with pytest.raises(ConfigError, match="no cell 'dcgan'"):
        store.find("dcgan")


def test_where_nothing_was_run_the_remedy_is_told(tmp_path):
    with pytest.raises(RunError, match="run `genharness run` first"):
        list(Store(tmp_path).records())


@pytest.mark.parametrize("indent", [2, 1, None])
def test_records_without_their_history_are_otherwise_the_same(store, indent):
    curves = History(losses={"step": [1], "loss": [0.5]})
    notes = ['a note says\n  "history": {}, and\n  "artefacts": {}']
    saved = record(history=curves, notes=notes, artefacts={"grid": "g"})
    path = store.save(saved)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=indent))  # as an editor may lay it out
    (read,) = store.records(history=False)
    assert (read.notes, read.artefacts, read.scores) == (saved.notes, saved.artefacts, saved.scores)
    assert read.history == (History() if indent == 2 else curves)
