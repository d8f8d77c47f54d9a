"""The record beside prepared arrays."""

import json

import pytest

from genharness.data.meta import DatasetMeta, combined_hash, read_meta, write_meta
from genharness.errors import DataError

META = DatasetMeta(
    name="toy@8",
    modality="image",
    shape=(3, 8, 8),
    class_names=("ant", "bee"),
    counts={"train": 4, "test": 2},
    content_hash="abc",
    arrays={"train/images.npy": "1", "test/images.npy": "2"},
    notes=("two were grey",),
)


def test_it_comes_back_as_it_was_written(tmp_path):
    write_meta(tmp_path, META)
    assert read_meta(tmp_path) == META


def test_the_hash_of_all_arrays_is_that_of_each_under_its_name():
    both = combined_hash({"a": "1", "b": "2"})
    assert both == combined_hash({"b": "2", "a": "1"})
    assert both != combined_hash({"a": "2", "b": "1"})


def test_another_version_is_named(tmp_path):
    write_meta(tmp_path, META)
    plain = json.loads((tmp_path / "meta.json").read_text())
    (tmp_path / "meta.json").write_text(json.dumps({**plain, "schema_version": 99}))
    with pytest.raises(DataError, match="has schema version 99, not 1"):
        read_meta(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema_version": 1}', "null"])
def test_a_damaged_record_is_one_line_with_its_path(tmp_path, content):
    (tmp_path / "meta.json").write_text(content)
    with pytest.raises(DataError, match=r"meta\.json is unreadable"):
        read_meta(tmp_path)


def test_a_missing_record_is_named(tmp_path):
    with pytest.raises(DataError, match=r"meta\.json is unreadable \(FileNotFoundError"):
        read_meta(tmp_path)
