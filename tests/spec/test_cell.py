"""A cell, and the id that stands for everything in it."""

import dataclasses
import hashlib
import json

import pytest

from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol

CELL = Cell(
    model="vae",
    dataset="cifar10@32#500",
    seed=3,
    budget="smoke",
    length="400steps",
    protocol=Protocol(extractor="inception", sample_count=10),
    options={"lr": 0.1, "latent": 8},
)


def test_a_cell_comes_back_from_json():
    assert Cell.from_plain(json.loads(json.dumps(CELL.as_plain()))) == CELL


def test_the_id_is_readable_and_a_name_for_a_file():
    assert CELL.id.startswith("vae-cifar10-32-500-s3-")
    assert CELL.id.replace("-", "").isalnum()


def test_the_order_of_options_does_not_change_the_id():
    assert dataclasses.replace(CELL, options={"latent": 8, "lr": 0.1}).id == CELL.id


CHANGES = {
    "model": "ae",
    "dataset": "cifar10@32",
    "seed": 4,
    "budget": "standard",
    "length": "401steps",
    "protocol": Protocol(extractor="inception", sample_count=11),
    "options": {"lr": 0.1, "latent": 9},
    "sampling": {"steps": 50},
    "batch_size": 65,
    "ema": 0.99,
    "mirror": True,
    "balanced": True,
    "device": "cuda",
    "precision": "bf16",
    "compiled": True,
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_the_result_changes_the_id(name):
    assert dataclasses.replace(CELL, **{name: CHANGES[name]}).id != CELL.id


@pytest.mark.parametrize("name", CHANGES)
def test_what_only_draws_and_measures_leaves_the_training_the_same(name):
    other = dataclasses.replace(CELL, **{name: CHANGES[name]})
    assert (other.training_id == CELL.training_id) == (name in ("sampling", "protocol"))


def test_data_of_other_content_are_another_training():
    prepared, changed = (
        dataclasses.replace(CELL, protocol=dataclasses.replace(CELL.protocol, dataset_hash=content))
        for content in ("one", "two")
    )
    assert len({CELL.training_id, prepared.training_id, changed.training_id}) == 3


def test_a_cell_that_is_drawn_otherwise_keeps_its_name_and_its_other_options():
    drawn = dataclasses.replace(CELL, sampling={"steps": 50, "eta": 0.0})
    other = drawn.drawn_with({"steps": 10})
    assert other.id == drawn.id
    assert other.every_option == {**CELL.options, "steps": 10, "eta": 0.0}


def test_a_file_that_only_sampling_reads_tells_cells_apart_and_no_trainings():
    one, two = (
        dataclasses.replace(CODED, sampling={"start": "/a.npy"}, inputs={"start": content}) for content in ("x", "y")
    )
    assert one.id != two.id
    assert one.training_id == two.training_id


def test_a_long_dataset_keeps_the_end_of_its_name():
    long = dataclasses.replace(CELL, dataset="folder:" + "a/" * 80 + "pictures")
    assert "pictures-s3-" in long.id
    assert len(long.id) < 70


CODED = dataclasses.replace(CELL, code={"model": "0" * 16, "training": "1" * 16}, plugins={"model": "acme 1.0"})


def test_code_and_content_change_the_id_and_versions_and_places_do_not():
    assert dataclasses.replace(CODED, code={**CODED.code, "model": "2" * 16}).id != CODED.id
    assert dataclasses.replace(CODED, code={**CODED.code, "training": "2" * 16}).id != CODED.id
    assert dataclasses.replace(CODED, plugins={"model": "acme 2.0"}).id == CODED.id
    here, there, other = (
        dataclasses.replace(CODED, options={"weights": path}, inputs={"weights": content}).id
        for path, content in (("/here/a.pt", "one"), ("/there/b.pt", "one"), ("/here/a.pt", "two"))
    )
    assert here == there != other


def test_cells_from_before_code_was_known_keep_their_ids():
    """Their records are found by them: a hash of all that a cell had then."""
    later = {"code", "inputs", "sampling"}
    old = dataclasses.replace(CELL, plugins={"model": "genharness 0.1.0"})
    plain = {name: value for name, value in old.as_plain().items() if name not in later}
    plain["protocol"] = {name: value for name, value in plain["protocol"].items() if name not in later}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    assert old.id == f"{old.stem}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
