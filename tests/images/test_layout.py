"""What a tree of pictures means."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from genharness import DataError
from genharness.images import first_of, read_layout
from genharness.images.decode import SUFFIXES
from genharness.images.layout import _is_picture, _parts


def test_two_folders_are_classes_however_deep_the_pictures_lie():
    layout = read_layout(["cat/1.png", "cat/more/old/2.JPG", "dog/3.webp"], "here")
    assert layout.class_names == ("cat", "dog")
    assert layout.splits == {"train": ["cat/1.png", "cat/more/old/2.JPG", "dog/3.webp"]}
    assert layout.labels == {"train": [0, 0, 1]}


@pytest.mark.parametrize("names", [["1.png", "2.png"], ["all/1.png", "all/2.png"], ["a/b/c/1.png", "a/b/c/2.png"]])
def test_pictures_in_one_folder_have_no_labels(names):
    layout = read_layout(names, "here")
    assert layout.class_names == ()
    assert layout.labels == {"train": []}


def test_splits_are_known_by_their_names():
    names = ["Train/cat/1.png", "Train/dog/2.png", "val/cat/3.png", "test/dog/4.png"]
    for prefix in ("", "archive/", "archive/v2/"):
        layout = read_layout([prefix + name for name in names], "here")
        assert {split: len(found) for split, found in layout.splits.items()} == {"train": 2, "validation": 1, "test": 1}
        assert layout.labels == {"train": [0, 1], "validation": [0], "test": [1]}


def test_splits_without_classes():
    layout = read_layout(["train/1.png", "train/2.png", "test/3.png"], "here")
    assert layout.class_names == ()
    assert {split: len(found) for split, found in layout.splits.items()} == {"train": 2, "test": 1}


def test_a_lone_train_folder_is_passed_through():
    layout = read_layout(["train/cat/1.png", "train/dog/2.png"], "here")
    assert layout.class_names == ("cat", "dog")
    assert list(layout.splits) == ["train"]


def test_order_does_not_depend_on_the_file_system():
    names = ["b/2.png", "a/9.png", "a/10.png"]
    assert read_layout(names, "here") == read_layout(names[::-1], "here")


def test_other_files_are_left_out_and_named_but_junk_is_passed_over():
    names = ["cat/1.png", "dog/2.png", "README.md"]
    junk = ["cat/.DS_Store", "__MACOSX/cat/._1.png", ".git/config", "dog/Thumbs.db"]
    layout = read_layout(names + junk, "here")
    assert layout.left_out == ("README.md",)
    assert layout.splits["train"] == ["cat/1.png", "dog/2.png"]


def test_hidden_pictures_are_left_out_and_named():
    hidden = [".d/x.png", ".h.png", "__MACOSX/x.png"]
    layout = read_layout(["1.png", *hidden], "here")
    assert layout.left_out == tuple(hidden)
    assert layout.splits["train"] == ["1.png"]


def test_a_folder_that_was_met_before_is_left_out_and_named():
    layout = read_layout(["x/1.png", "y.png/"], "here")
    assert (layout.left_out, layout.splits["train"]) == (("y.png/",), ["x/1.png"])


@pytest.mark.parametrize(
    ("names", "note"),
    [
        (["0/1.png", "1/2.png", "stray.png"], "no labels: stray.png beside the folders 0, 1, which so are no classes"),
        (["0/1.png", "stray.png"], "no labels: stray.png beside the folders 0, which so are no classes"),
        (["all/0/1.png", "all/0/2.png"], "no labels: all pictures lie in the folder all/0, and one folder is no class"),
    ],
)
def test_why_folders_are_no_classes_is_said(names, note):
    layout = read_layout(names, "here", with_splits=False)
    assert (layout.class_names, layout.notes) == ((), (note,))


def test_why_a_folder_below_the_splits_is_no_class_is_said():
    layout = read_layout(["train/cat/1.png", "test/cat/2.png"], "here")
    assert layout.notes == ("no labels: cat is the only folder, and one is no class",)


@pytest.mark.parametrize("names", [["1.png", "2.png"], ["0/1.png", "1/2.png"], ["train/1.png", "test/2.png"]])
def test_nothing_is_said_of_classes_where_nothing_is_lost(names):
    assert read_layout(names, "here").notes == ()


def test_names_are_shown_on_one_line():
    assert first_of(["a\nb.png", "\u00fc c.png"]) == "a\\nb.png, \u00fc c.png"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([".h.png"], "here holds no pictures but hidden ones such as .h.png"),
        ([], "here holds no pictures"),
        (["notes.txt"], "here holds no pictures"),
        (["cat/1.png", "dog/2.png", "stray.png"], "stray.png lies beside the folders of the classes"),
        (["train/1.png", "test/2.png", "masks/3.png"], "masks/3.png lies beside the folders of the splits"),
        (["train/1.png", "test/2.png", "3.png"], "3.png lies beside the folders of the splits"),
        (["val/1.png", "test/2.png"], "has folders test, validation but none called train"),
        (["train/cat/1.png", "train/dog/2.png", "test/cow/3.png"], "class 'cow' is unknown"),
    ],
)
def test_unclear_trees_are_refused(names, reason):
    with pytest.raises(DataError, match=reason.replace(".", r"\.")):
        read_layout(names, "here")


@pytest.mark.parametrize(
    "name", ["a.png", "b/a.PNG", "b//a.png", "./b/a.png", "b/.png", "b/..png", "b/a.", "b/a", "b/a.tar.jpg", ".b/a.png"]
)
def test_names_are_taken_apart_as_pathlib_does(name):
    path = PurePosixPath(name)
    assert _parts(name) == path.parts
    assert _is_picture(name) == (path.suffix.lower() in SUFFIXES)
