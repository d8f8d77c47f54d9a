"""Parquet files and Arrow streams: pictures, tables, and what is refused."""

import contextlib
import json
import pickle
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genharness import DataError
from genharness.images.stored.arrow import open_arrow
from packed import encoded

PNG = [encoded(np.full((4, 5), value, np.uint8)) for value in range(6)]
LABELS = [0, 1, 0, 1, 2, 2]
FILE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def parquet(path, columns, **options):
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), path, **options)
    return path


def read(path, samples="", label=""):
    stored = open_arrow([path], str(path), samples, label)
    pieces = list(stored.pieces())
    labels = [label for piece in pieces if piece.labels is not None for label in piece.labels]
    return stored, [sample for piece in pieces for sample in piece.samples], labels


@pytest.mark.parametrize("column", [PNG, [{"bytes": one, "path": "x.png"} for one in PNG]], ids=["bytes", "struct"])
@pytest.mark.parametrize("rows", [2, 6])
def test_pictures_are_the_files_that_they_were(tmp_path, column, rows):
    stored, files, labels = read(
        parquet(tmp_path / "a.parquet", {"image": column, "label": LABELS}, row_group_size=rows)
    )
    assert (stored.kind, files, labels) == ("pictures", PNG, LABELS)


def test_an_arrow_stream_is_read_likewise(tmp_path):
    table = pa.table({"image": PNG, "label": LABELS})
    for name, new in (("a", pa.ipc.new_stream), ("b", pa.ipc.new_file)):
        with new(tmp_path / f"{name}.arrow", table.schema) as writer:
            writer.write_table(table, max_chunksize=4)
        assert read(tmp_path / f"{name}.arrow")[1:] == (PNG, LABELS)


def test_names_of_classes_are_those_beside_the_columns(tmp_path):
    info = {"info": {"features": {"label": {"names": ["ant", "bee", "cat"], "_type": "ClassLabel"}}}}
    table = pa.table({"image": PNG, "label": LABELS}).replace_schema_metadata({"huggingface": json.dumps(info)})
    assert read(parquet(tmp_path / "a.parquet", table))[0].class_names == ("ant", "bee", "cat")


@pytest.mark.parametrize("names", ["nonsense", "[1, 2]", json.dumps({"info": {"features": {"label": {"names": [1]}}}})])
def test_names_that_make_no_sense_are_none(tmp_path, names):
    table = pa.table({"image": PNG, "label": LABELS}).replace_schema_metadata({"huggingface": names})
    assert read(parquet(tmp_path / "a.parquet", table))[0].class_names == ()


def test_a_table_of_numbers_is_rows_whose_only_words_are_labels(tmp_path):
    columns = {"x": [1.5, 2.5], "n": [3, 4], "b": [True, False], "species": ["cat", "dog"]}
    stored, rows, labels = read(parquet(tmp_path / "a.parquet", columns))
    assert (stored.kind, stored.column_names, labels) == ("rows", ("x", "n", "b"), ["cat", "dog"])
    np.testing.assert_array_equal(rows, [[1.5, 3, 1], [2.5, 4, 0]])
    dictionary = pa.table({"x": [1.5, 2.5], "kind": pa.array(["a", "b"]).dictionary_encode()})
    assert read(parquet(tmp_path / "b.parquet", dictionary))[2] == ["a", "b"]


def test_a_measurement_called_target_is_a_column(tmp_path):
    stored, _, labels = read(parquet(tmp_path / "a.parquet", {"x": [1.0, 2.0], "target": [0.3, 0.7]}))
    assert (stored.column_names, labels) == (("x", "target"), [])


def test_whole_numbers_are_labels_whatever_their_type(tmp_path):
    for labels in ([1.0, 2.0], [-1, 1], [-1.0, 1.0]):
        stored, _, found = read(parquet(tmp_path / "a.parquet", {"x": [1.5, 2.5], "label": labels}))
        assert (stored.column_names, found) == (("x",), labels)
    assert read(parquet(tmp_path / "a.parquet", {"image": PNG[:2], "label": [1.0, 0.0]}))[2] == [1, 0]


def test_other_numbers_called_label_are_measurements(tmp_path):
    for labels, value in (([-2, 1], "-2"), ([-1, 0, 1], "-1"), ([0.0, float("nan")], "nan")):
        columns = {"x": [1.5, 2.5, 3.5][: len(labels)], "label": labels}
        stored, _, found = read(parquet(tmp_path / "a.parquet", columns))
        assert (stored.column_names, found) == (("x", "label"), [])
        assert f"no labels: it holds {value} in row" in stored.notes[0]


def test_a_column_of_a_word_a_row_is_no_classes(tmp_path):
    path = parquet(tmp_path / "a.parquet", {"x": list(range(60)), "name": [f"n{i}" for i in range(60)]})
    with pytest.raises(DataError, match="column name has 60 different words in 60 rows, too many for classes"):
        read(path)


def test_decimals_are_numbers(tmp_path):
    columns = {"x": pa.array([Decimal("1.25"), Decimal("2.50")], pa.decimal128(9, 2)), "n": [1, 2]}
    stored, rows, _ = read(parquet(tmp_path / "a.parquet", columns))
    assert stored.column_names == ("x", "n")
    np.testing.assert_array_equal(np.stack(rows), [[1.25, 1], [2.5, 2]])


def test_what_is_used_is_said(tmp_path):
    stored, _, _ = read(parquet(tmp_path / "a.parquet", {"image": PNG, "id": LABELS, "label": LABELS}))
    assert stored.notes == ["labels: the column label", "not used: id"]


@pytest.mark.parametrize(
    ("columns", "asked", "reason"),
    [
        ({"x": [1.0]}, ("nope", ""), "has no column nope: it has x"),
        ({"x": [1.0]}, ("x", ""), "column x is double, and no pictures"),
        (
            {"a": PNG[:1], "b": PNG[:1]},
            ("", ""),
            "2 columns of pictures (a, b): name one as a dataset, parquet:PATH#NAME",
        ),
        ({"x": [1.0, None]}, ("", ""), "column x is empty in row 1"),
        ({"image": [PNG[0], None]}, ("", ""), "column image is empty in row 1"),
        ({"image": pa.array([{"bytes": None, "path": "/etc/passwd"}], FILE)}, ("", ""), "paths are never followed"),
        ({"x": [[1.0]]}, ("", ""), "neither numbers nor pictures: save pictures as encoded files"),
        ({"x": ["a"], "y": ["b"], "z": ["c"]}, ("", ""), "neither numbers nor pictures: leave them out of the file"),
        ({"x": [1.0], "label": [0.5]}, ("", "label"), "labels are whole numbers or words"),
        ({"label": [1]}, ("", ""), "none of numbers"),
    ],
)
def test_what_makes_no_sense_is_one_line(tmp_path, columns, asked, reason):
    with pytest.raises(DataError) as caught:
        read(parquet(tmp_path / "a.parquet", columns), *asked)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_truncated_and_damaged_files_are_one_line(tmp_path):
    path = parquet(tmp_path / "a.parquet", {"image": PNG, "label": LABELS})
    content = path.read_bytes()
    for cut in (0, 3, 4, 50, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:cut])
        with pytest.raises(DataError, match="is damaged or no parquet or Arrow file"):
            read(path)
    random = np.random.RandomState(0)
    for _ in range(60):
        damaged = bytearray(content)
        for place in random.randint(4, len(content), 8):
            damaged[place] = random.randint(256)
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(DataError):  # one that is not seen must not raise anything else
            read(path)


class _Evil:
    def __reduce__(self):
        return print, ("unpickled",)


def test_a_pickled_column_stays_bytes(tmp_path, capsys):
    _, files, _ = read(parquet(tmp_path / "a.parquet", {"image": [pickle.dumps(_Evil())]}))
    assert files == [pickle.dumps(_Evil())]
    assert "unpickled" not in capsys.readouterr().out


def test_files_of_other_columns_are_refused(tmp_path):
    paths = [parquet(tmp_path / "a.parquet", {"x": [1.0]}), parquet(tmp_path / "b.parquet", {"y": [1.0]})]
    with pytest.raises(DataError, match=r"has other columns than a\.parquet"):
        open_arrow(paths, "both")
