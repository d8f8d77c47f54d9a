"""Removing cells: what goes with them, what stays, and what is never followed."""

import dataclasses

import pytest

from board_records import record
from genharness.errors import RunError
from genharness.results.removing import removals, remove
from genharness.results.store import Store


@pytest.fixture
def store(tmp_path):
    """Two cells that share a training, and one that has its own, each with files."""
    store = Store(tmp_path / "results")
    store.open_for_writing()
    shared = [record("ddpm", 1.0, options={"lr": 0.1}, sampling={"steps": steps}) for steps in (10, 50)]
    for one in (*shared, record("vae", 2.0)):
        one = dataclasses.replace(one, training=one.cell.training_id)
        store.save(one)
        for folder in (store.cell(one.cell.id).path, store.training(one.training).path):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "file").write_bytes(b"12345")
    return store


def steps(count):
    return lambda record: record.cell.sampling.get("steps") == count


def test_a_training_stays_while_a_cell_that_stays_needs_it(store):
    (one,) = removals(store, steps(10))
    assert one.shared_with == 1
    remove([one])
    assert not store.cell(one.record.cell.id).path.exists()
    assert store.training(one.record.training).path.exists()
    (other,) = removals(store, steps(50))
    assert other.shared_with == 0
    remove([other])
    assert not store.training(one.record.training).path.exists()
    assert [left.cell.model for left in store.records()] == ["vae"]


def test_cells_that_go_together_take_their_shared_training_once(store):
    found = removals(store, lambda record: record.cell.model == "ddpm")
    assert sum(one.size_bytes for one in found) > 15
    assert len({path for one in found for path in one.paths}) == sum(len(one.paths) for one in found) == 5
    remove(found)
    assert len(list((store.folder / "trainings").iterdir())) == 1


def test_links_are_not_followed(store, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("")
    (one,) = removals(store, lambda record: record.cell.model == "vae")
    (store.cell(one.record.cell.id).path / "link").symlink_to(outside)
    remove(removals(store, lambda record: record.cell.model == "vae"))
    assert (outside / "precious").exists()


@pytest.mark.parametrize("what", ["cell", "cells"])
def test_a_folder_that_is_a_link_is_refused(store, tmp_path, what):
    (one,) = removals(store, lambda record: record.cell.model == "vae")
    path = store.cell(one.record.cell.id).path if what == "cell" else store.folder / "cells"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="is a link: what it leads to is not removed"):
        removals(store, lambda record: record.cell.model == "vae")


def test_a_removal_that_was_cut_off_is_repeated(store):
    (one,) = removals(store, lambda record: record.cell.model == "vae")
    remove([dataclasses.replace(one, paths=one.paths[:1])])
    (again,) = removals(store, lambda record: record.cell.model == "vae")
    assert len(again.paths) == len(one.paths) - 1
    remove([again])
    assert not removals(store, lambda record: record.cell.model == "vae")
