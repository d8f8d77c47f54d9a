"""Tables as CSV."""

import csv

import numpy as np
import pytest

from genharness import DataError
from genharness.images import read_samples
from genharness.images.stored.delimited import open_delimited


def table(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def read(path, label=""):
    stored = open_delimited(path, label)
    pieces = list(stored.pieces())
    labels = [one for piece in pieces for one in piece.labels or ()]
    return stored.column_names, np.concatenate([piece.samples for piece in pieces]), labels


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_numbers_and_labels_are_read_whatever_stands_between(tmp_path, delimiter):
    lines = [["a", "label", "b, c"], ["1", "0", "-2.5e3"], ["2", "7", "4"]]
    with (tmp_path / "t.csv").open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=delimiter).writerows(lines)
    names, rows, labels = read(tmp_path / "t.csv")
    assert (names, labels) == (("a", "b, c"), [0, 7])
    np.testing.assert_array_equal(rows, [[1, -2500], [2, 4]])


def test_the_only_column_of_words_is_the_label(tmp_path):
    path = table(tmp_path / "t.csv", "a,species\n1,cat\n2,dog\n")
    assert read(path)[2] == read(path, "species")[2] == ["cat", "dog"]


def test_a_measurement_called_target_is_a_column(tmp_path):
    assert read(table(tmp_path / "t.csv", "a,target\n1,0.5\n2,1\n"))[0] == ("a", "target")


def test_all_rows_say_whether_a_column_is_one_of_labels(tmp_path):
    path = table(tmp_path / "t.csv", "a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(9000)) + "1,0.37\n")
    assert read(path)[0] == ("a", "y")
    assert open_delimited(path).notes == ["column y is taken for measurements, no labels: it holds 0.37 in row 9001"]


@pytest.mark.parametrize("written", [("1", "2"), ("1.0", "2.0"), ("1.00e+00", "2.00e+00")])
def test_whole_numbers_are_labels_however_they_are_written(tmp_path, written):
    assert read(table(tmp_path / "t.csv", "a,label\n0.5,{}\n0.25,{}\n".format(*written)))[2] == [1, 2]


def test_a_column_of_a_word_a_row_is_no_classes(tmp_path):
    path = table(tmp_path / "t.csv", "a,name\n" + "".join(f"{i},n{i}\n" for i in range(60)))
    with pytest.raises(DataError, match="column name has 60 different words in 60 rows, too many for classes: leave"):
        open_delimited(path)
    assert len(read(path, "name")[2]) == 60


def test_numbers_beyond_what_float64_holds_have_one_type_in_all_pieces(tmp_path):
    path = table(tmp_path / "t.csv", "a\n" + "-1\n" * 4096 + f"{2**53 + 1}\n")
    assert read_samples(path).samples[-1].tolist() == [2**53 + 1]


def test_many_rows_come_in_pieces(tmp_path):
    text = "a,b\n" + "".join(f"{i},{i * 2}\n" for i in range(10_000))
    pieces = list(open_delimited(table(tmp_path / "t.csv", text)).pieces())
    assert len(pieces) > 1
    np.testing.assert_array_equal(np.concatenate([one.samples for one in pieces])[:, 0], np.arange(10_000))
    assert len({name for one in pieces for name in one.names}) == 10_000


@pytest.mark.parametrize(
    ("text", "label", "reason"),
    [
        ("", "", "is empty"),
        ("1,2\n3,4\n", "", "write the names of the columns into the first line"),
        ("a,a\n1,2\n", "", "two columns called a"),
        (",a\n0,2\n", "", r"column 1 has no name: it looks like an index, leave it out \(df.to_csv\(index=False\)\)"),
        ("a,\n0,2\n", "", "column 2 has no name: name it"),
        ("a,b\n1,2\n3\n", "", "row 2 has 1 cells, and the header 2"),
        ("a,b,c\n1,x,y\n", "", "column b holds x, which is no number"),
        ("a,b\n1,2\n3,\n", "", "row 2, column b holds nothing, which is no number: fill it, or leave the row out"),
        ("a,b\n1,2\n3,NA\n", "", "row 2, column b holds NA, which is no number: fill it, or leave the row out"),
        ("a;b\n0,5;1,5\n", "", "column a holds 0,5, which is no number: write numbers with a point and no unit"),
        ("a,label\n1,0.5\n2,1\n", "label", "column label holds 0.5 in row 1: labels are whole numbers or words"),
        ("a,b\n1,10000000000000000000000001\n", "", "row 1 holds 10000000000000000000000001, .* beyond 64 bits"),
        ("a,b\n1,18446744073709551615\n2,-1\n", "", "row 2 holds -1, .* beyond 64 bits"),
        ("a,b\n1,2\n", "c", "has no column c: it has a, b"),
        ("label\n1\n", "", "no column of numbers"),
        ('a,b\n"1,2\n', "", "is no CSV"),
        ("a,label\n1,x\n2,\n", "", "row 2 has no label"),
    ],
)
def test_what_makes_no_sense_is_one_line(tmp_path, text, label, reason):
    with pytest.raises(DataError, match=reason) as caught:
        read(table(tmp_path / "t.csv", text), label)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"a,b\n\xff\xfe,1\n", bytes(range(256)) * 9])
def test_what_is_no_text_is_one_line(tmp_path, content):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError):
        read(tmp_path / "t.csv")


@pytest.mark.parametrize("written", ["3,5", "-1.000,50", "1 000,5", "12%", "12.5 %", "€ 3", "$1,000.50", "5€"])
def test_numbers_that_are_written_for_people_do_not_become_classes(tmp_path, written):
    path = table(tmp_path / "t.csv", f"a;b\n{written};1\n{written};2\n")
    with pytest.raises(DataError, match=r"column a holds numbers such as .*: write them with a point and no unit"):
        open_delimited(path)
    assert read(path, "a")[2] == [written, written]


@pytest.mark.parametrize("word", ["1.2.3", "2020-01-01", "a,5", "12 kg", "3-5", "x%"])
def test_words_that_begin_like_numbers_stay_classes(tmp_path, word):
    assert read(table(tmp_path / "t.csv", f"a;b\n{word};1\n{word};2\n"))[2] == [word, word]


@pytest.mark.parametrize(("before", "after"), [(4100, 0), (0, 9000), (4100, 4100)])
def test_empty_lines_are_no_rows_wherever_a_piece_ends(tmp_path, before, after):
    lines = "\n" * before
    path = table(tmp_path / "t.csv", f"a,b\n1,2\n{lines}3,4\n5,6\n" + "\n" * after)
    pieces = list(open_delimited(path).pieces())
    np.testing.assert_array_equal(np.concatenate([one.samples for one in pieces]), [[1, 2], [3, 4], [5, 6]])
    assert [name for one in pieces for name in one.names] == ["row 1", f"row {before + 2}", f"row {before + 3}"]


@pytest.mark.parametrize(("cells", "told"), [("3,x", "row 4, column b"), ("3", "row 4 has 1 cells")])
def test_rows_are_counted_with_the_empty_lines_before_them(tmp_path, cells, told):
    with pytest.raises(DataError, match=told):
        read(table(tmp_path / "t.csv", f"a,b\n1,2\n\n\n{cells}\n"))


def test_a_file_of_empty_lines_holds_no_samples(tmp_path):
    with pytest.raises(DataError, match=r"t\.csv holds no samples"):
        read_samples(table(tmp_path / "t.csv", "a,b\n\n\n"))
