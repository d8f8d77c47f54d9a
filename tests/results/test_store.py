import errno
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


BAD = [b"", b"{", b"[]", b"{}", b'{"schema": 1}', b"\x00\xff", b'{"schema": "1"}', b"[" * 100_000]


@pytest.mark.parametrize("content", BAD)
def test_who_writes_sets_a_damaged_record_aside_and_reads_the_others(store, content):
    store.save(record())
    (store.records_folder / "bad.json").write_bytes(content)
    assert [one.cell.model for one in store.records()] == ["vae"]
    assert "bad.json is unreadable" in store.warnings[0]
    assert (store.folder / "set-aside" / "bad.json").read_bytes() == content
    assert not (store.records_folder / "bad.json").exists()


@pytest.mark.parametrize("content", BAD)
def test_who_only_reads_warns_of_a_damaged_record_and_leaves_it(store, content):
    store.save(record())
    (store.records_folder / "bad.json").write_bytes(content)
    reader = Store(store.folder)
    assert [one.cell.model for one in reader.records()] == ["vae"]
    assert "bad.json is unreadable" in reader.warnings[0]
    assert (store.records_folder / "bad.json").read_bytes() == content
    assert not (store.folder / "set-aside").exists()


def test_what_was_set_aside_before_stays_there(store):
    for content in (b"one", b"two"):
        (store.records_folder / "bad.json").write_bytes(content)
        assert list(store.records()) == []
    assert {path.read_bytes() for path in (store.folder / "set-aside").iterdir()} == {b"one", b"two"}


def test_nothing_is_set_aside_through_a_link(store, tmp_path):
    (store.folder / "set-aside").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere").mkdir()
    (store.records_folder / "bad.json").write_bytes(b"")
    assert list(store.records()) == []
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE])
@pytest.mark.parametrize("writing", [False, True])
def test_a_record_that_cannot_be_read_now_is_never_moved_or_replaced(store, monkeypatch, number, writing):
    store.save(record())
    path = store.save(record(seed=1))
    content, original = path.read_bytes(), os.open

    def refuse(name, *rest):
        if str(name) == str(path):
            raise OSError(number, os.strerror(number))
        return original(name, *rest)

    monkeypatch.setattr("os.open", refuse)
    used = Store(store.folder, writing=writing)
    assert [one.cell.seed for one in used.records()] == [0]
    assert os.strerror(number) in used.warnings[0]
    with pytest.raises(RunError, match="cannot be read"):
        used.load(record(seed=1).cell.id)
    used.settle(replace(record(seed=1), status="failed", reason="x"))
    monkeypatch.undo()
    assert path.read_bytes() == content
    assert not (store.folder / "set-aside").exists()


def test_a_pipe_a_link_a_folder_and_a_device_are_no_records_and_are_not_waited_for(store, tmp_path):
    done = store.save(record())
    done.rename(tmp_path / "target.json")
    (store.records_folder / "link.json").symlink_to(tmp_path / "target.json")
    (store.records_folder / "device.json").symlink_to("/dev/zero")
    (store.records_folder / "folder.json").mkdir()
    os.mkfifo(store.records_folder / "pipe.json")
    store.save(record(seed=1))
    assert [one.cell.seed for one in store.records()] == [1]
    assert len(store.warnings) == 4
    assert len(list(store.records_folder.iterdir())) == 5


def test_text_that_utf8_cannot_hold_is_escaped_in_a_record(store):
    failed = replace(record(), status="failed", reason="no such file: fo\udcffto")
    store.save(failed)
    assert store.load(failed.cell.id).reason == "no such file: fo\\udcffto"


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "/etc/x", "a\0b", ".hidden", "a\\b"])
def test_no_id_leads_out_of_the_results_folder(store, name):
    for path_of in (store.record_path, store.cell, store.load):
        with pytest.raises(RunError, match="no id of a cell"):
            path_of(name)


def test_a_schema_that_no_version_will_have_is_damage_and_does_not_take_the_others_down(store):
    store.save(record())
    path = store.save(record(seed=1))
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": 2**40}))
    assert [one.cell.seed for one in store.records()] == [0]
    assert "out of range" in store.warnings[0]


def test_a_record_of_a_newer_schema_is_refused_with_the_remedy(store):
    path = store.save(record())
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": SCHEMA_VERSION + 1}))
    with pytest.raises(RunError, match=r"newer than this genharness reads .* upgrade genharness"):
        list(store.records())
    assert path.exists()


@pytest.mark.parametrize("schema", [0, SCHEMA_VERSION + 1])
def test_a_record_of_another_schema_takes_no_other_down_and_nothing_takes_its_place(store, schema):
    store.save(record())
    path = store.save(record(seed=1))
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": schema}))
    assert [one.cell.seed for one in store.records()] == [0]
    assert f"has schema {schema}" in store.warnings[0]
    with pytest.raises(RunError, match=f"has schema {schema}"):
        store.load(path.stem)
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


def test_a_damaged_record_is_named_where_its_cell_is_asked_for(store):
    store.save(record()).write_bytes(b"{")
    with pytest.raises(RunError, match="is unreadable"):
        store.find(record().cell.id)


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
