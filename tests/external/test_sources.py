"""Where samples are found, and the names of their rows."""

import pytest

from genharness import DataError
from genharness.errors import ConfigError
from genharness.external.sources import find_source, may_be_cell, row_names
from genharness.results.store import Store


@pytest.fixture
def names(tmp_path):
    def give(*paths):
        for path in paths:
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).touch()
        return row_names([find_source(str(tmp_path / path), Store(tmp_path / "results")) for path in paths])

    return give


def test_a_missing_path_and_an_unknown_cell_are_told_apart(tmp_path):
    store = Store(tmp_path / "results")
    with pytest.raises(DataError, match=r"nowhere\.npy does not exist"):
        find_source(str(tmp_path / "nowhere.npy"), store)
    with pytest.raises(DataError, match="vae-digits does not exist"):
        find_source("vae-digits", store)
    store.open_for_writing()
    with pytest.raises(ConfigError, match="no cell 'vae-digits'"):
        find_source("vae-digits", store)


@pytest.mark.parametrize(("word", "may"), [("vae-digits-s0", True), ("a/b", False), ("a.npz", False), ("b.zip", False)])
def test_a_path_is_no_cell(tmp_path, word, may):
    assert not may_be_cell(word, tmp_path)
    (tmp_path / "records").mkdir()
    assert may_be_cell(word, tmp_path) is may


def test_sets_of_one_name_get_names_of_their_own(names):
    assert names("one/samples.npy", "two/samples.npy") == ["one-samples", "two-samples"]


def test_sets_of_one_stem_in_one_folder_are_named_by_their_files(names):
    assert names("a.npy", "a.npz") == ["a.npy", "a.npz"]


def test_names_that_nothing_tells_apart_are_numbered(names):
    assert names("a.npy", "a.npy") == ["a.npy-1", "a.npy-2"]


def test_names_keep_letters_of_every_script(names):
    assert names("日本.npy") == ["日本"]
    assert names("a b$c.npy", "?.npy") == ["a-b-c", "samples"]


def test_a_file_with_its_column_of_labels_is_a_path(tmp_path):
    (tmp_path / "a.csv").touch()
    found = find_source(f"{tmp_path}/a.csv#label=kind", Store(tmp_path / "results"))
    assert (found.path, row_names([found])) == (tmp_path / "a.csv#label=kind", ["a"])
