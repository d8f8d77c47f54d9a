"""Which columns of a table are labels."""

import pytest

from genharness import DataError
from genharness.images.stored.label_columns import LabelColumn


def seen(*values, points=False):
    column = LabelColumn("t.csv", "y")
    for value in values:
        column.add([value], points=points)
    return column


def written(*cells):
    column = LabelColumn("t.csv", "y")
    column.add_text(cells)
    return column


@pytest.mark.parametrize(
    "column",
    [
        seen(0, 1, 7),
        seen(0.0, 2.0, points=True),
        seen(-1, 1, -1),
        seen("a", "b", 3),
        seen("a", None),
        written("-1", "1.0"),
        written("1e0", "2"),
        written("cat", " dog "),
        written(*map(str, range(60)), "0"),
    ],
)
def test_words_and_whole_numbers_are_labels(column):
    assert column.why_measured() == ""
    column.refuse_measured()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (seen(0, 0.5), "0.5 in row 2"),
        (seen(1, -2), "-2 in row 2"),
        (seen(-1, 0, 1), "-1 in row 1"),
        (written("3", "nan"), "nan in row 2"),
        (written("3", "inf"), "inf in row 2"),
    ],
)
def test_other_numbers_are_measurements(column, value):
    assert f"it holds {value}" in column.why_measured()
    with pytest.raises(DataError, match=f"t.csv: column y holds {value}: labels are whole numbers or words"):
        column.refuse_measured()


def test_a_number_that_is_no_label_settles_it():
    assert seen(1, 0.5).is_settled
    assert not seen(1, -1, 0).is_settled


def test_many_numbers_with_a_point_are_measurements_though_they_are_whole():
    assert "60 different numbers" in written(*(f"{i}.0" for i in range(60))).why_measured()


def test_words_that_are_all_different_are_no_classes():
    with pytest.raises(DataError, match="60 different words in 60 rows, too many for classes"):
        seen(*(f"n{i}" for i in range(60))).why_measured()
    assert seen(*(f"n{i % 60}" for i in range(120))).why_measured() == ""


def test_whether_labels_are_numbers_is_known():
    assert seen(1, 2).numbers
    assert not seen(1, "b").numbers
