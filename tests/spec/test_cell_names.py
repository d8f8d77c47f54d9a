"""Names of many cells are those that each would give itself."""

import dataclasses
import json

import pytest

from board_records import record
from genharness.spec.cell import Cell
from genharness.spec.cell_names import CellNames

PLAIN = record("vae", 1.0, options={"lr": 1e-3, "näme": "ü", "widths": [1, 2]}).cell
CELLS = {
    "plain": PLAIN,
    "sampling": dataclasses.replace(PLAIN, sampling={"steps": 10, "seed": 3}),
    "files": dataclasses.replace(PLAIN, options={"file": "/a/b", "lr": 1}, inputs={"file": "00ff"}),
    "code": dataclasses.replace(PLAIN, code={"model": "ab", "training": "cd"}, ema=0.999, mirror=True, seed=7),
    "plugins": dataclasses.replace(PLAIN, code={}, plugins={"model": "a 1", "extractor": "b 2"}),
    "booleans": dataclasses.replace(PLAIN, options={"a": True, "b": 1, "c": 1.0}, batch_size=1, compiled=True),
}


@pytest.mark.parametrize("name", CELLS)
def test_each_seed_is_the_cell_and_has_the_names_that_it_would_have_alone(name):
    seeds = (0, 3, 2**64 - 1)
    for seed, found in zip(seeds, map(CellNames().of(CELLS[name]).cell, seeds), strict=True):
        alone = dataclasses.replace(CELLS[name], seed=seed)
        assert found == alone
        assert (found.id, found.training_id) == (alone.id, alone.training_id)
        assert found.as_plain() == alone.as_plain()
        assert Cell.from_plain(json.loads(json.dumps(found.as_plain()))).id == alone.id


def test_cells_that_differ_in_one_thing_share_no_name():
    names = CellNames()
    made = [names.of(cell).cell(0) for cell in CELLS.values()]
    again = [names.of(cell).cell(0) for cell in CELLS.values()]
    assert len({one.id for one in made}) == len({one.training_id for one in made} | {made[1].id}) == len(CELLS)
    assert [one.id for one in made] == [one.id for one in again]


def test_rows_that_differ_in_sampling_alone_share_the_key_of_their_training():
    names = CellNames()
    plain, sampling, code = (names.of(CELLS[name]) for name in ("plain", "sampling", "code"))
    assert plain.key != sampling.key
    assert plain.training_key == sampling.training_key != code.training_key


def test_a_change_of_a_named_cell_has_another_name():
    named = CellNames().of(PLAIN).cell(0)
    assert dataclasses.replace(named, batch_size=7).id != named.id
    assert dataclasses.replace(named, batch_size=7).training_id != named.training_id
