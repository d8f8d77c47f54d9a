"""From what a user names to its splits."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genharness import ConfigError, DataError
from genharness.images.stored.opening import kind_of, labelled_file, open_stored
from packed import as_tar, encoded

PNG = encoded(np.zeros((4, 5), np.uint8))


def counts(splits):
    return {split: sum(len(piece.names) for piece in stored.pieces()) for split, stored in splits.items()}


def shards(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        as_tar({f"{place}.png": PNG for place in range(2)}, folder / name, "")
    return folder


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["a.tar", "b.tar"], {"": 4}),
        (["train-0.tar", "train-1.tar", "test-0.tar"], {"train": 4, "test": 2}),
        (["x-val.tar", "x-train.tar"], {"validation": 2, "train": 2}),
        (["train/a.tar", "test/b.tar"], {"train": 2, "test": 2}),
        (["train.tar", "other.tar"], {"": 4}),
        (["test.tar"], {"": 2}),
        (["trainingfree.tar", "test.tar"], {"": 4}),
    ],
)
def test_names_and_folders_say_which_split_a_file_is(tmp_path, names, splits):
    assert counts(open_stored("tar", str(shards(tmp_path, *names)))) == splits
    flat = [name for name in names if "/" not in name]
    if flat:
        assert counts(open_stored("tar", f"{tmp_path}/*.tar")) == splits


def test_a_folder_of_parquet_files_is_a_dataset_of_hugging_face_too(tmp_path):
    pq.write_table(pa.table({"image": [PNG]}), tmp_path / "train-00000-of-00001.parquet")
    pq.write_table(pa.table({"image": [PNG] * 2}), tmp_path / "test-00000-of-00001.parquet")
    for kind in ("hf", "parquet"):
        assert counts(open_stored(kind, str(tmp_path))) == {"train": 1, "test": 2}


@pytest.mark.parametrize(
    ("kind", "error", "reason"),
    [
        ("csv", DataError, "are 2 files, and csv: takes one"),
        ("h5", DataError, "is no file: give one as h5:PATH"),
        ("parquet", DataError, "holds no files that end in .parquet, .arrow"),
    ],
)
def test_what_is_not_there_is_said(tmp_path, kind, error, reason):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("a\n1\n")
    with pytest.raises(error, match=reason):
        open_stored(kind, str(tmp_path))


def test_a_column_that_a_kind_does_not_have_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="leave #images out"):
        open_stored("tar", str(tmp_path), "images")


@pytest.mark.parametrize(("name", "kind"), [("a.TAR.gz", "tar"), ("a.h5", "h5"), ("a.tsv", "csv"), ("a.png", "")])
def test_readers_are_known_by_the_end_of_a_name(name, kind):
    assert kind_of(Path(name)) == kind


def test_a_column_of_labels_is_named_behind_a_file_that_is_not_called_so(tmp_path):
    (tmp_path / "a.csv").touch()
    (tmp_path / "b.png").touch()
    named = tmp_path / "a.csv#label=kind"
    assert labelled_file(named) == (tmp_path / "a.csv", "kind")
    for name in ("a.csv", "b.png#label=kind", "none.csv#label=kind", "a.csv#label="):
        assert labelled_file(tmp_path / name) == (tmp_path / name, "")
    named.touch()
    assert labelled_file(named) == (named, "")
