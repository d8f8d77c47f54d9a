"""The record beside prepared arrays."""

import errno
import json
import os

import pytest

from genharness.data.meta import DamagedMetaError, DatasetMeta, combined_hash, read_meta, write_meta
from genharness.data.prepared import meta_of
from genharness.errors import DataError

ARRAYS = {f"{split}/{kind}.npy": f"{split} {kind}" for split in ("train", "test") for kind in ("images", "labels")}
META = DatasetMeta(
    name="toy@8",
    modality="image",
    shape=(3, 8, 8),
    class_names=("ant", "bee"),
    counts={"train": 4, "test": 2},
    content_hash=combined_hash(ARRAYS),
    arrays=ARRAYS,
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


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"shape": "3"}, "its shape is text, not a list"),
        ({"counts": {"train": "4", "test": 2}}, "its counts.train is text, not a whole number"),
        ({"modality": "sound"}, "its modality is 'sound', none of image, tabular"),
        ({"counts": {"train": 4}}, "its splits are not train, test"),
        ({"counts": {"train": 0, "test": 2}}, "a split is empty"),
        ({"shape": [3, 8]}, r"its shape \(3, 8\) is that of no sample"),
        ({"shape": [3, 8, -8]}, "is that of no sample"),
        ({"arrays": {**ARRAYS, "../../x.npy": "1"}}, "its arrays are not those of its splits"),
        ({"class_names": []}, "labels without classes"),
        ({"content_hash": "abc"}, "its content hash is not that of its arrays"),
        ({"scales": [1.0]}, "its units are not those of its columns"),
        ({"unknown": 1}, "its unknown is unknown"),
    ],
)
def test_what_cannot_be_is_damage(tmp_path, change, reason):
    write_meta(tmp_path, META)
    plain = json.loads((tmp_path / "meta.json").read_text())
    (tmp_path / "meta.json").write_text(json.dumps({**plain, **change}))
    with pytest.raises(DataError, match=reason):
        read_meta(tmp_path)


def test_a_record_that_is_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "meta.json")
    with pytest.raises(DataError, match="no regular file"):
        read_meta(tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"class_names": ["bee", "ant"]}, {"name": "other"}, {"white": 255}, {"touched": {"resized": 3}}, {"code": "ab"}],
    ids=str,
)
def test_what_was_changed_by_hand_is_no_record_of_these_arrays(tmp_path, change):
    write_meta(tmp_path, META)
    path = tmp_path / "meta.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DamagedMetaError, match="was changed after it was written"):
        read_meta(tmp_path)


def test_a_record_from_before_there_was_a_digest_is_read(tmp_path):
    write_meta(tmp_path, META)
    path = tmp_path / "meta.json"
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "digest"}))
    assert read_meta(tmp_path) == META


@pytest.mark.parametrize(
    ("code", "advice"), [(errno.EMFILE, "try again"), (errno.EIO, "try again"), (errno.EACCES, "check its permissions")]
)
def test_what_the_machine_cannot_read_is_not_called_damaged(tmp_path, monkeypatch, code, advice):
    write_meta(tmp_path, META)

    def broken(*args, **options):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("genharness.data.meta.read_regular", broken)
    with pytest.raises(DataError, match=advice) as caught:
        meta_of(tmp_path, "toy")
    assert "--force" not in str(caught.value)
    assert not isinstance(caught.value, DamagedMetaError)
