"""Names of folders of classes."""

import pytest

from genharness.images.class_folders import class_folder


@pytest.mark.parametrize(
    ("label", "names", "count", "folder"),
    [
        (3, ("a", "b", "c", "ship"), 10, "3-ship"),
        (3, ("a", "b", "c", "ship"), 11, "03-ship"),
        (0, ("traffic light/red",), 1, "0-traffic-light-red"),
        (7, ("only one",), 8, "7"),
        (0, ("***",), 2, "0"),
    ],
)
def test_a_folder_has_the_number_and_what_a_name_may_hold(label, names, count, folder):
    assert class_folder(label, names, count) == folder


@pytest.mark.parametrize("count", [2, 10, 11, 100, 101])
def test_folders_sort_as_labels_do(count):
    folders = [class_folder(label, ("z", "y", "x"), count) for label in range(count)]
    assert folders == sorted(folders)
    assert len(set(folders)) == count
