"""Folders and zips of pictures: everything is read, or refused by name."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from genharness import DataError
from genharness.files.archives import UnreadableError
from genharness.images import open_source, sources


def test_a_folder_that_cannot_be_read_is_refused(tmp_path, monkeypatch):
    (tmp_path / "locked").mkdir()
    scan = os.scandir

    def refusing(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(DataError, match=r"/locked cannot be read \(Permission denied\)"), open_source(tmp_path):
        pass


def test_a_folder_linked_twice_is_read_once_and_named(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "1.png").touch()
    (tmp_path / "set").mkdir()
    for name in ("x", "y"):
        (tmp_path / "set" / name).symlink_to(tmp_path / "real")
    with open_source(tmp_path / "set") as source:
        assert source.names == ("x/1.png", "y/")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero")
def test_what_is_no_regular_file_is_never_read(tmp_path):
    (tmp_path / "z.png").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "p.png")
    with open_source(tmp_path) as source:
        for name in source.names:
            with pytest.raises(UnreadableError, match=f"'{name}' cannot be read .it is no regular file"):
                source.read(name)


def test_a_pipe_is_no_zip(tmp_path):
    os.mkfifo(tmp_path / "p.zip")
    with pytest.raises(DataError, match="no regular file"), open_source(tmp_path / "p.zip"):
        pass


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_files_larger_than_any_picture_are_never_read(tmp_path, monkeypatch, form):
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 1000)
    (tmp_path / "large.png").write_bytes(bytes(1001))
    path = tmp_path
    if form == "zip":
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(tmp_path / "large.png", "large.png")
    with open_source(path) as source, pytest.raises(UnreadableError, match="1,001 bytes are more than any picture has"):
        source.read("large.png")
