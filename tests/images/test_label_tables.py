"""Labels that lie beside pictures in a table."""

import json

import numpy as np
import pytest

from genharness.images import read_images, read_layout
from packed import as_folder, encoded

NAMES = [f"{index:03}.png" for index in range(4)]


def layout(file, text, names=NAMES, **options):
    content = text if isinstance(text, bytes) else text.encode()
    return read_layout([*names, file], "here", read=lambda name: content, **options)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("metadata.csv", "file_name,label\n000.png,dog\n001.png,cat\n002.png,dog\n003.png,cat\n"),
        ("labels.csv", "\ufeffid;class\r\n003;cat\r\n000;dog\r\n001;cat\r\n002;dog\r\n"),
        ("Labels.csv", "Image, Label, source\n000.png, dog, a\n001.png, cat, b\n002.png, dog, c\n003.png, cat, d\n"),
        ("labels.tsv", "image\ttarget\n000.png\tdog\n001.png\tcat\n002.png\tdog\n003.png\tcat\n999.png\tcat\n"),
        (
            "metadata.jsonl",
            "".join(
                json.dumps({"file_name": name, "label": ("dcdc"[at] == "d" and "dog") or "cat"}) + "\n\n"
                for at, name in enumerate(NAMES)
            ),
        ),
    ],
)
def test_words_of_a_table_beside_pictures_are_their_classes(file, text):
    found = layout(file, text)
    assert (found.labels["train"], found.class_names, found.left_out) == ([1, 0, 1, 0], ("cat", "dog"), ())
    assert found.taken == f"labels: 2 classes, from {file}"


def test_whole_numbers_are_classes_as_they_are():
    found = layout("labels.csv", "name,y\n000,2\n001,0\n002,1\n003,2\n")
    assert (found.labels["train"], found.class_names) == ([2, 0, 1, 2], ())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("file_name,label\n000.png,a\n001.png,b\n", "has none of 2 of 4 pictures, such as 002.png"),
        ("file_name,label\n" + "".join(f"{name},\n" for name in NAMES), "has none of 4 of 4 pictures"),
        ("file_name,width\n000.png,16\n", "has no column label: it has file_name, width"),
        ("when,label\n2020,a\n", "has no column file_name: it has when, label"),
        ("file_name,label\n000.png,a\n000.png,b\n001.png,a\n002.png,a\n003.png,a\n", "lists a picture with several"),
        ("", "has no column file_name: it has none"),
        (b"\xff\xfe\x00", "is no table"),
        (f"file_name,label\n{'x' * 200_000},a\n", "is no table (field larger than field limit"),
    ],
)
def test_a_table_that_gives_no_labels_says_why_and_stops_nobody(text, why):
    found = layout("labels.csv", text)
    assert not found.labelled
    (note,) = found.notes
    assert note.startswith("no labels: labels.csv ")
    assert why in note
    assert found.left_out == ("labels.csv",)


@pytest.mark.parametrize("text", ["3\n", "[1]\n", "{\n", "[" * 99_999])
def test_lines_that_are_no_rows_are_no_table(text):
    assert "no labels: metadata.jsonl is no table" in layout("metadata.jsonl", text).notes[0]


def test_captions_are_no_classes():
    names = [f"{index:03}.png" for index in range(80)]
    text = "file_name,label\n" + "".join(f"{name},a picture of number {name}\n" for name in names)
    assert "80 different ones of 80 pictures, too many for classes" in layout("metadata.csv", text, names).notes[0]


def test_folders_that_are_classes_come_before_a_table():
    found = layout("metadata.csv", "file_name,label\na/1.png,x\nb/1.png,y\n", ["a/1.png", "b/1.png"])
    assert (found.class_names, found.left_out) == (("a", "b"), ("metadata.csv",))


def test_each_split_may_have_a_table_of_its_own():
    tables = {f"{split}/metadata.csv": b"file_name,label\n0.png,b\n1.png,a\n" for split in ("train", "test")}
    names = [f"{split}/{index}.png" for split in ("train", "test") for index in range(2)]
    found = read_layout([*names, *tables], "here", read=tables.__getitem__)
    assert found.labels == {"train": [1, 0], "test": [1, 0]}
    assert found.taken == "labels: 2 classes, from test/metadata.csv, train/metadata.csv"


def test_folders_that_only_split_numbered_files_leave_the_word_to_a_table():
    names = [f"{index // 2:05}/img{index:08}.png" for index in range(4)]
    text = "file_name,label\n" + "".join(f"{name},{at % 2}\n" for at, name in enumerate(names))
    found = layout("labels.csv", text, names)
    assert (found.labels["train"], found.notes) == ([0, 1, 0, 1], ())


def test_samples_in_a_folder_have_the_labels_of_their_table(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (4, 1, 8, 8)).astype(np.uint8)
    folder = as_folder({name: encoded(one[0]) for name, one in zip(NAMES, images, strict=True)}, tmp_path / "made")
    (folder / "labels.csv").write_text("name,label\n000,1\n001,0\n002,1\n003,0\n")
    assert read_images(folder).labels.tolist() == [1, 0, 1, 0]
