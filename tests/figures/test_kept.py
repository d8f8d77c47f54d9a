"""What a cell keeps is read where it is, and is None where it is not or is damaged."""

import json

import numpy as np
import pytest

from board_records import record
from genharness.figures.kept import KeptCell
from genharness.images.grid import save_grid
from genharness.results.cell_folder import CellFolder


@pytest.fixture
def cell(tmp_path):
    return KeptCell(CellFolder(tmp_path), record("vae", 1.0))


def entry(folder, name, key, **arrays):
    place = folder / "features" / name
    place.mkdir(parents=True)
    (place / "entry.json").write_text(json.dumps({"key": key, "sha256": {}}))
    for kind, array in arrays.items():
        np.save(place / f"{kind}.npy", array)


def test_an_empty_folder_keeps_nothing(cell):
    kept = (cell.grid(), cell.strip(), cell.reconstructions(), cell.nearest(), cell.interpolation())
    assert kept == (None,) * 5
    assert (cell.samples(), cell.features(), cell.predicted(), cell.realism(3)) == ((None, None), None, None, None)


def test_samples_come_with_the_classes_they_were_asked_for(tmp_path, cell):
    images = np.arange(2 * 1 * 4 * 4, dtype=np.uint8).reshape(2, 1, 4, 4)
    np.savez(tmp_path / "samples.npz", images=images, labels=np.array([1, 0]))
    found, labels = cell.samples()
    assert np.array_equal(found[..., 0], images[:, 0])
    assert labels.tolist() == [1, 0]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", b"no archive"])
def test_damaged_samples_are_none(tmp_path, cell, content):
    (tmp_path / "samples.npz").write_bytes(content)
    assert cell.samples() == (None, None)


def test_rows_of_a_table_are_no_pictures(tmp_path, cell):
    np.savez(tmp_path / "samples.npz", rows=np.zeros((3, 2), np.float32))
    assert cell.samples() == (None, None)


def test_features_classes_and_realism_are_found_by_their_keys(tmp_path, cell):
    logits = np.eye(3, dtype=np.float32)[[0, 2, 2, 2]]
    entry(tmp_path, "a", {"extractor": "classifier"}, features=np.ones((4, 5), np.float32), logits=logits)
    entry(tmp_path, "b", {"extractor": "classifier", "derived": "neighbour pass"}, realism=np.arange(4.0))
    entry(tmp_path, "c", {"extractor": "inception"}, features=np.zeros((4, 9), np.float32))
    assert cell.features().shape == (4, 5)
    assert cell.predicted().tolist() == [1, 0, 3]
    assert cell.realism(4).tolist() == [0, 1, 2, 3]
    assert cell.realism(5) is None


def test_features_that_are_not_finite_or_whose_key_is_damaged_are_left(tmp_path, cell):
    entry(tmp_path, "a", {"extractor": "classifier"}, features=np.full((2, 2), np.nan, np.float32))
    (tmp_path / "features" / "b").mkdir()
    (tmp_path / "features" / "b" / "entry.json").write_text("[")
    assert cell.features() is None


def test_pictures_are_cut_into_tiles(tmp_path, cell):
    images = np.random.default_rng(0).integers(0, 256, (72, 1, 8, 8), dtype=np.uint8)
    save_grid(tmp_path / "strip.png", images, 8)
    assert np.array_equal(cell.strip(), images.transpose(0, 2, 3, 1))
