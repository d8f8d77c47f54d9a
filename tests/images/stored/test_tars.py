"""Tar shards as webdataset writes them."""

import io
import tarfile

import numpy as np
import pytest

from genharness import DataError
from genharness.images.stored.tars import open_tars
from packed import as_tar, encoded

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
