import json

import numpy as np
import pytest

from genharness import DataError
from genharness.images import read_images, read_layout
from packed import as_folder, as_zip, encoded

NAMES = [f"{index // 2:05}/img{index:08}.png" for index in range(6)]


def layout(content, names=NAMES, file="dataset.json", **options):
    text = content if isinstance(content, str) else json.dumps(content)
    return read_layout([*names, file], "here", read=lambda name: text.encode(), **options)


PAIRS = list(zip(NAMES, [4, 0, 1, 4, 2, 3], strict=True))


@pytest.mark.parametrize("entries", [PAIRS, dict(PAIRS)])
def test_labels_are_those_that_are_listed_and_folders_are_no_classes(entries):
    found = layout({"labels": entries})
    assert (found.labels["train"], found.class_names, found.left_out) == ([4, 0, 1, 4, 2, 3], (), ())
    assert found.taken == "labels: 5 classes, from dataset.json"


def test_one_hot_rows_are_classes():
    rows = np.eye(3, dtype=int)[[2, 0, 1, 1, 0, 2]].tolist()
    assert layout({"labels": list(zip(NAMES, rows, strict=True))}).labels["train"] == [2, 0, 1, 1, 0, 2]


@pytest.mark.parametrize("content", [{"labels": None}, {"labels": []}])
def test_a_list_of_no_labels_says_that_folders_are_no_classes(content):
    found = layout(content)
    assert not found.labelled
    assert found.notes == ("no labels: dataset.json lists none, and folders are no classes beside it",)


def test_vectors_that_are_no_classes_are_said_to_be_none():
    found = layout({"labels": [[name, [0.1, 0.9]] for name in NAMES]})
    assert not found.labelled
    assert "holds such as [0.1, 0.9], which is no class" in found.notes[0]


def test_a_list_of_some_pictures_is_refused():
    with pytest.raises(DataError, match=r"lists no label of 1 of 6 pictures, such as 00002/img00000005\.png"):
        layout({"labels": [[name, 0] for name in NAMES[:-1]]})


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "[1]", '{"x": 1}', '{"labels": 3}', '{"labels": [1]}', "[" * 99_999]
)
def test_a_damaged_list_is_refused_with_what_it_should_be(content):
    with pytest.raises(DataError, match="is no list of labels"):
        layout(content)


def test_a_list_below_a_folder_speaks_of_that_folder():
    names = [f"train/{name}" for name in NAMES] + [f"test/{name}" for name in NAMES]
    entries = {"labels": [[name, 1] for name in NAMES]}
    text = json.dumps(entries).encode()
    found = read_layout([*names, "train/dataset.json", "test/dataset.json"], "here", read=lambda name: text)
    assert found.labels == {"train": [1] * 6, "test": [1] * 6}


@pytest.mark.parametrize("pack", [as_folder, lambda files, path: as_zip(files, path.with_suffix(".zip"))])
def test_samples_of_a_folder_or_zip_take_their_labels_from_the_list(tmp_path, pack):
    files = dict.fromkeys(NAMES, encoded(np.zeros((4, 4), np.uint8)))
    files["dataset.json"] = json.dumps({"labels": [[name, index % 2] for index, name in enumerate(NAMES)]}).encode()
    found = read_images(pack(files, tmp_path / "set"))
    assert found.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert "labels: 2 classes, from dataset.json" in found.notes


@pytest.mark.parametrize("label", [10**6, 2**63, 10**30, 1e300])
def test_a_number_that_is_no_class_is_none(label):
    found = layout({"labels": [(name, label) for name in NAMES]})
    assert not found.labelled
    assert found.notes[0].startswith("no labels: dataset.json holds such as 1") or "9223" in found.notes[0]
