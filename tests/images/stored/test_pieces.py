"""Names of columns, and notes."""

import pytest

from genharness import DataError
from genharness.images.stored.pieces import StoredSet, label_column, one_of


def test_a_note_is_kept_once():
    stored = StoredSet("here", "rows", lambda: iter(()))
    for line in ("a", "b", "a"):
        stored.note(line)
    assert stored.notes == ["a", "b"]


@pytest.mark.parametrize(
    ("asked", "there", "found"),
    [("", ["x", "Label"], "Label"), ("", ["y", "class"], "class"), ("x", ["x", "label"], "x"), ("", ["a"], "")],
)
def test_the_label_is_the_one_asked_for_or_of_a_usual_name(asked, there, found):
    assert label_column(asked, there, "here") == found


def test_a_name_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(DataError, match="here has no array z: it has x, y"):
        one_of("z", ["x", "y"], "here", "array")
