"""Records through the index are the records themselves, whatever happened to either."""

import json
import os
from dataclasses import replace

import pytest

from genharness.files.home import home
from genharness.results import index, kept_file
from genharness.results.configuration import configuration, configuration_of
from genharness.results.members import summed
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.history import History
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record
from genharness.stats import values

COUNT = 40


def record(seed, **changes):
    protocol = Protocol(extractor="classifier", sample_count=10, metric_options={"prdc": {"k": 3}})
    options = {"lr": 0.1, "name": "é", "sizes": [1, 2], "none": None}
    cell = Cell(
        model="vae", dataset="digits", seed=seed, budget="smoke", length="1steps", protocol=protocol, options=options
    )
    values = {
        "scores": {"fid": seed / 3, "kid": None},
        "errors": {"fid": 0.1},
        "bands": {"fid": {"low": 0.0, "high": 1.0, "draws": 3, "count": 9}} if seed == 0 else {},
        "measurements": {"train_seconds": 1e-300, "parameters": 7},
        "facts": {"right": 0.5},
        "skipped": {"likelihood": "none"},
        "code": {"fid": {"metric fid": "abc"}},
        "protocol": protocol.as_plain(),
        "protocol_hash": protocol.hash,
        "environment": {"threads": 2, "packages": {"torch": "2"}, "gpu": None},
        "notes": [f"note {seed % 3}"],
        "history": History(losses={"step": [1], "loss": [0.5]}),
        "started_at": f"2030-{seed}",
    }
    return Record(cell=cell, status="ok", **{**values, **changes})


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(index, "_WORTHWHILE", 5)
    monkeypatch.setattr(index, "_FINE_SECONDS", -1.0)
    monkeypatch.setattr(index, "_COARSE_SECONDS", -1.0)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.open_for_writing()
    for seed in range(COUNT):
        store.save(record(seed))
    return store


def read(store):
    """Return the records of a reader, its warnings, and how many files it opened."""
    opened = []
    with pytest.MonkeyPatch.context() as patch:
        from genharness.results import store as module

        real = module.read_record
        patch.setattr(module, "read_record", lambda path, **how: opened.append(path) or real(path, **how))
        reader = Store(store.folder)
        records = list(reader.records(history=False))
    return sorted(records, key=lambda one: one.cell.seed), reader.warnings, len(opened)


def without_history(seed, **changes):
    return replace(record(seed, **changes), history=History())


def test_every_field_comes_back_and_no_file_is_opened(store):
    expected = [without_history(seed) for seed in range(COUNT)]
    for opened in (COUNT, 0, 0):
        records, warnings, files = read(store)
        assert (records, warnings, files) == (expected, [], opened)
        assert [one.cell.id for one in records] == [record(seed).cell.id for seed in range(COUNT)]
        assert [type(one.measurements["parameters"]) for one in records] == [int] * COUNT


def test_curves_are_read_from_the_records_themselves(store):
    read(store)
    assert next(Store(store.folder).records()).history.losses == {"step": [1], "loss": [0.5]}


@pytest.mark.parametrize("back", [False, True])
def test_a_record_that_was_changed_is_read_again_even_where_size_and_time_were_put_back(store, back):
    read(store)
    path = store.record_path(record(3).cell.id)
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"fid": 1.0', b'"fid": 9.0'))
    if back:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    records, _, opened = read(store)
    assert (records[3].scores["fid"], opened) == (9.0, 1)


def test_new_records_are_read_and_gone_ones_are_gone(store):
    read(store)
    store.save(record(COUNT))
    store.record_path(record(0).cell.id).unlink()
    records, _, opened = read(store)
    assert ([one.cell.seed for one in records], opened) == ([*range(1, COUNT + 1)], 1)


def test_what_took_a_records_name_is_no_record(store):
    read(store)
    path = store.record_path(record(3).cell.id)
    path.rename(store.folder / "elsewhere.json")
    path.symlink_to(store.folder / "elsewhere.json")
    records, warnings, _ = read(store)
    assert len(records) == COUNT - 1
    assert "cannot be read" in warnings[0]


def test_a_damaged_record_is_told_each_time(store):
    store.record_path(record(3).cell.id).write_bytes(b"{")
    for _ in range(3):
        records, warnings, _ = read(store)
        assert (len(records), len(warnings)) == (COUNT - 1, 1)


def only_index():
    (path,) = (home() / kept_file.FOLDER).glob("*.json")
    return path


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-9],
        lambda content: content.replace(b"0.5", b"0.6"),
        lambda content: b"zz" + content[2:],
        lambda content: b"\x00" * 100,
    ],
)
def test_a_damaged_index_is_made_anew(store, damage):
    expected = read(store)[0]
    only_index().write_bytes(damage(only_index().read_bytes()))
    for opened in (COUNT, 0):
        assert read(store)[::2] == (expected, opened)


def test_an_index_by_other_code_does_not_count(store, monkeypatch):
    read(store)
    monkeypatch.setattr(index, "_FORMAT", ["other"])
    assert read(store)[2] == COUNT


def test_records_that_were_written_just_now_are_read_again(store, monkeypatch):
    monkeypatch.setattr(index, "_FINE_SECONDS", 3600.0)
    monkeypatch.setattr(index, "_COARSE_SECONDS", 3600.0)
    assert [read(store)[2] for _ in range(2)] == [COUNT, COUNT]


def test_no_index_lies_in_the_results_folder_and_none_that_does_is_believed(store):
    read(store)
    assert {path.name for path in store.folder.iterdir()} == {"records", "cells"}
    content = only_index().read_bytes()
    for path in (store.folder / only_index().name, store.records_folder / f".{only_index().name}"):
        path.write_bytes(content)
    only_index().unlink()
    assert read(store)[2] == COUNT


def test_where_no_index_can_be_written_records_are_read(store, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_file, "write_bytes", full)
    assert [read(store)[2] for _ in range(2)] == [COUNT, COUNT]


def test_some_records_can_be_asked_for(store):
    assert list(Store(store.folder).records(history=False, prefixes=("vae-digits-s1",))) != []
    assert {one.cell.seed for one in Store(store.folder).records(history=False, prefixes=("vae-digits-s1-",))} == {1}


def test_a_cells_id_is_the_name_of_its_file_with_and_without_the_index(store):
    path = store.record_path(record(3).cell.id)
    path.rename(path.with_name("renamed.json"))
    for _ in range(2):
        assert "renamed" in {one.cell.id for one in read(store)[0]}
    assert Store(store.folder).find("renamed").cell == record(3).cell


def test_few_records_have_no_index(store, monkeypatch):
    monkeypatch.setattr(index, "_WORTHWHILE", COUNT + 1)
    read(store)
    assert not (home() / kept_file.FOLDER).exists()


def test_an_index_holds_json_alone(store):
    read(store)
    _, body, states = only_index().read_bytes().split(b"\n")
    assert sum(len(columns[0]) for _, columns, _ in json.loads(body)["kinds"]) == COUNT
    assert sum(map(len, json.loads(states))) == COUNT


def numbers(store):
    """Return mean and deviation of a score over all records, of a table and of the records themselves."""
    (piece,) = [piece for piece in Store(store.folder).table().pieces if len(piece) > 1]
    return piece.summed("fid"), summed([one.scores["fid"] for one in piece])


def test_means_are_kept_beside_their_columns_and_not_computed_again(store, monkeypatch):
    first, expected = numbers(store)
    assert first == expected
    monkeypatch.setattr(values, "moments", lambda _: pytest.fail("computed"))
    (piece,) = [piece for piece in Store(store.folder).table().pieces if len(piece) > 1]
    assert piece.summed("fid") == expected
    assert piece.summed("kid") is None
    assert piece.summed("parameters")[1:] == (7, 0.0)


@pytest.mark.parametrize("change", ["rewritten", "gone", "added"])
def test_no_mean_is_of_a_record_that_was_changed_since(store, change):
    before, _ = numbers(store)
    path = store.record_path(record(3).cell.id)
    if change == "rewritten":
        path.write_bytes(path.read_bytes().replace(b'"fid": 1.0', b'"fid": 9.0'))
    elif change == "gone":
        path.unlink()
    else:
        store.save(record(COUNT))
    after, expected = numbers(store)
    assert after == expected != before


def test_a_mean_of_some_of_a_row_is_of_those(store):
    read(store)
    names = sorted(path.name for path in store.records_folder.iterdir())
    (piece,) = [piece for piece in Store(store.folder).table(tuple(names[:9])).pieces if len(piece) > 1]
    assert 7 < len(piece) < COUNT - 1
    assert piece.summed("fid") == summed([one.scores["fid"] for one in piece])


def test_scores_that_are_not_finite_are_in_no_kept_mean(tmp_path):
    store = Store(tmp_path / "odd")
    store.open_for_writing()
    for seed in range(COUNT):
        store.save(record(seed, scores={"fid": 1e200 if seed == 5 else float(seed)}))
    for _ in range(2):
        found, expected = numbers(store)
        assert found == expected
        assert len(found[0]) == COUNT - 2  # the first record is of a kind of its own


def test_where_no_file_changed_they_are_not_held_against_each_other_one_by_one(store, monkeypatch):
    read(store)
    monkeypatch.setattr(index.RecordIndex, "_read_states", lambda _: pytest.fail("read"))
    assert read(store)[2] == 0


def test_two_records_that_changed_places_are_read_again(store):
    read(store)
    one, other = (store.record_path(record(seed).cell.id) for seed in (3, 4))
    spare = store.folder / "spare"
    for source, target in ((one, spare), (other, one), (spare, other)):
        source.rename(target)
    names = {found.cell.id: found.cell.seed for found in Store(store.folder).records(history=False)}
    assert (names[one.stem], names[other.stem]) == (4, 3)


@pytest.mark.parametrize(
    "other",
    [
        {"a": [1, 2, 3, 4]},
        {"a": [1, 2, 3, 4], "b": [1, 2, 3, 5]},
        {"a": [1, 2, 3, 4], "c": [5, 6, 7, 8]},
        {"a": [5, 6, 7, 8], "b": [1, 2, 3, 4]},
        {"a": [1, 2, 3, 4], "b": None},
        {},
    ],
    ids=str,
)
def test_a_digest_of_states_is_of_every_name_and_state(other):
    states = {"a": [1, 2, 3, 4], "b": [5, 6, 7, 8]}
    assert index.digest_of(dict(reversed(states.items()))) == index.digest_of(states)
    assert index.digest_of(other) != index.digest_of(states)


def test_the_index_knows_which_row_a_record_is_of(store):
    read(store)
    found, _, opened = read(store)
    assert opened == 0
    assert {configuration(one) for one in found} == {configuration_of(record(0).cell)}
    assert found[3].cell.identity == record(3).cell.identity


def test_records_whose_state_was_asked_for_are_looked_at_once(store, monkeypatch):
    reader, looks = Store(store.folder), []
    real = reader._entries
    monkeypatch.setattr(reader, "_entries", lambda: looks.append(1) or real())
    assert reader.state()
    assert len(list(reader.records(history=False))) == COUNT
    assert len(looks) == 1
    assert len(list(reader.records(history=False))) == COUNT
    assert len(looks) == 2


def test_files_whose_names_are_no_text_are_read_beside_the_index(store):
    for path in sorted((store.folder / "records").iterdir())[:3]:
        path.rename(path.with_name(f"{path.stem}-\udcff.json"))  # a byte that no UTF-8 begins with
    for opened in (COUNT, 3, 3):
        records, warnings, files = read(store)
        assert ([one.cell.seed for one in records], warnings, files) == (list(range(COUNT)), [], opened)
