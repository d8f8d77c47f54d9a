"""Tar shards as webdataset writes them."""

import io
import tarfile

import numpy as np
import pytest

from genharness import DataError
from genharness.images import read_samples
from genharness.images.stored.tars import open_tars
from packed import as_tar, as_zip, encoded

PNG = [encoded(np.full((4, 5, 3), value, np.uint8)) for value in range(6)]


def read(path, label=""):
    pieces = list(open_tars([path], "shards", label).pieces())
    return [name for piece in pieces for name in piece.names], [piece.labels for piece in pieces]


def test_pictures_have_the_labels_beside_them(tmp_path):
    files = {
        name: content
        for i in range(3)
        for name, content in ((f"a/{i}.cls", str(i % 2).encode()), (f"a/{i}.png", PNG[i]))
    }
    names, labels = read(as_tar(files, tmp_path / "s.tar", ""))
    assert names == ["s.tar/a/0.png", "s.tar/a/1.png", "s.tar/a/2.png"]
    assert labels == [[0, 1, 0]]


def test_labels_may_stand_in_json_under_a_usual_or_a_named_field(tmp_path):
    files = {"0.seg.png": PNG[0], "0.json": b'{"label": "cat", "age": 7}', "0.txt": b"left out"}
    path = as_tar(files, tmp_path / "s.tar.gz", "gz")
    assert read(path)[1] == [["cat"]]
    assert read(path, "age")[1] == [[7]]
    with pytest.raises(DataError, match=r"0\.json has no field mood: name another with #label=NAME"):
        read(path, "mood")


def test_pictures_alone_have_no_labels(tmp_path):
    assert read(as_tar({"0.jpg": PNG[0], "1.JPG": PNG[1]}, tmp_path / "s.tar", ""))[1] == [None]


def test_a_set_is_given_from_the_beginning_each_time(tmp_path):
    stored = open_tars([as_tar({"0.png": PNG[0]}, tmp_path / "s.tar", "")], "s")
    assert [piece.names for piece in stored.pieces()] == [piece.names for piece in stored.pieces()] == [["s.tar/0.png"]]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"../0.png": PNG[0]}, "its path leaves the folder"),
        ({"0.cls": b"1"}, "0 has a label and no picture"),
        ({"0.png": PNG[0], "0.jpg": PNG[1]}, "are two files of one sample"),
        ({"0.png": PNG[0], "0.cls": b"\xff"}, "is no text"),
        ({"0.png": PNG[0], "0.json": b"{"}, "is no JSON"),
        ({"0.png": PNG[0], "0.json": b'{"label": [1]}'}, "neither a whole number nor a word"),
    ],
)
def test_what_makes_no_sense_is_one_line(tmp_path, files, reason):
    with pytest.raises(DataError, match=reason):
        read(as_tar(files, tmp_path / "s.tar", ""))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_pipes_are_refused(tmp_path, kind):
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        info = tarfile.TarInfo("0.png")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(DataError, match="it is a link or a device"):
        read(tmp_path / "s.tar")


def test_a_bomb_is_refused(tmp_path):
    with tarfile.open(tmp_path / "s.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("0.png")
        info.size = 90 << 20
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    with pytest.raises(DataError, match="out of all proportion"):
        read(tmp_path / "s.tar.gz")


def test_a_cut_shard_is_refused(tmp_path):
    path = as_tar({f"{i}.png": PNG[i] for i in range(6)}, tmp_path / "s.tar", "")
    path.write_bytes(path.read_bytes()[:1800])
    with pytest.raises(DataError, match="is damaged"):
        read(path)


def notes_of(files, path, label=""):
    """Return the labels of all samples, and what is said after one pass."""
    stored = open_tars([as_tar(files, path, "")], "shards", label)
    pieces = list(stored.pieces())
    return [label for piece in pieces for label in piece.labels or [None] * len(piece.names)], stored.notes


def test_what_is_left_out_and_taken_for_labels_is_said(tmp_path):
    files = {"0.cls": b"1", "0.png": PNG[0], "0.avif": b"", "0.txt": b"", ".a/b.png": PNG[1], "._0.png": b"", ".x": b""}
    labels, notes = notes_of(files, tmp_path / "s.tar")
    assert labels == [1]
    assert notes == [
        "labels: the .cls beside the pictures",
        "files that are no pictures, hidden or met before were left out: 0.avif, 0.txt, .a/b.png",
    ]
    files = {"0.json": b'{"label": "cat"}', "0.png": PNG[0], **{f"{i}.heic": b"" for i in range(9)}}
    assert notes_of(files, tmp_path / "t.tar")[1] == [
        "labels: the field label of the .json beside the pictures",
        "files that are no pictures, hidden or met before were left out: "
        "0.heic, 1.heic, 2.heic, 3.heic, 4.heic and 4 more",
    ]


TREE = {
    **{f"mix/{name}/{i}.png": PNG[i] for name in ("cat", "dog") for i in range(3)},
    "mix/cat/.ipynb_checkpoints/0.png": PNG[5],
    "mix/cat/._0.png": b"of macOS",
    "mix/dataset-info.json": b"{}",
    "mix/dog/0.heic": b"",
}


def test_a_tree_of_folders_is_what_it_is_as_a_zip(tmp_path):
    tar, packed = as_tar(TREE, tmp_path / "a.tar", ""), as_zip(TREE, tmp_path / "a.zip")
    one, other = (read_samples(path) for path in (tar, packed))
    np.testing.assert_array_equal(one.samples, other.samples)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert one.class_names == other.class_names == ("cat", "dog")
    told = "labels: the 2 folders cat, dog are classes"
    assert told in one.notes
    assert told in other.notes
    assert sum("left out: " in note for note in one.notes) == 1


def test_folders_of_splits_inside_a_tar_are_neither_classes_nor_splits(tmp_path):
    labels, notes = notes_of({"train/0.png": PNG[0], "test/0.png": PNG[1]}, tmp_path / "s.tar")
    assert labels == [None, None]
    assert notes[0].startswith("no labels: the folders test, train are no splits inside a tar: pack each as a tar")


def test_labels_beside_pictures_go_before_folders(tmp_path):
    files = {f"{name}/0.{end}": one for name in ("a", "b") for end, one in (("png", PNG[0]), ("cls", b"7"))}
    assert notes_of(files, tmp_path / "s.tar")[0] == [7, 7]
    files = {f"{name}/0.{end}": one for end, one in (("png", PNG[0]), ("json", b"{}")) for name in ("a", "b")}
    with pytest.raises(DataError, match="has a label and no picture"):
        notes_of(files, tmp_path / "t.tar")
