import errno
import os
from pathlib import Path

import numpy as np
import pytest

from genharness.files import atomic


def _names(folder):
    return [path.name for path in folder.iterdir()]


def _fill(folder, **files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _break_off(writer, error, **files):
    """Fill a file or a folder, then fail."""
    with writer as temporary:
        if temporary.is_dir():
            _fill(temporary, **files)
        else:
            temporary.write_bytes(b"half")
        raise error


def test_written_bytes_are_read_back_and_nothing_else_is_left(tmp_path):
    atomic.write_bytes(tmp_path / "new" / "a.bin", b"\x00one")
    atomic.write_bytes(tmp_path / "new" / "a.bin", b"two")
    assert (tmp_path / "new" / "a.bin").read_bytes() == b"two"
    assert _names(tmp_path / "new") == ["a.bin"]


def test_a_failed_block_leaves_the_old_file_and_no_temporary(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError):
        _break_off(atomic.replace_file(path), RuntimeError())
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["a.bin"]


def test_a_full_disk_stays_an_os_error_and_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as raised:
        atomic.write_bytes(path, b"new")
    assert raised.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["a.bin"]


def test_content_is_on_the_disk_before_the_name(tmp_path, monkeypatch):
    order = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (order.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(Path, "replace", lambda self, target: (order.append("rename"), replace(self, target))[1])
    atomic.write_bytes(tmp_path / "a.bin", b"x")
    assert order[:2] == ["fsync", "rename"]


def test_the_temporary_keeps_the_suffix_that_numpy_wants(tmp_path):
    with atomic.replace_file(tmp_path / "a.npy") as temporary:
        np.save(temporary, np.arange(3))
    assert np.load(tmp_path / "a.npy").tolist() == [0, 1, 2]
    assert _names(tmp_path) == ["a.npy"]


def test_a_folder_replaces_another_as_a_whole(tmp_path):
    for content in ({"a": "1", "gone": "1"}, {"a": "2", "sub/b": "2"}):
        with atomic.replace_folder(tmp_path / "data") as temporary:
            _fill(temporary, **content)
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"data/a", "data/sub/b"}
    assert (tmp_path / "data" / "a").read_text() == "2"
    assert _names(tmp_path) == ["data"]


def test_a_failed_folder_leaves_the_earlier_one_and_no_temporary(tmp_path):
    with atomic.replace_folder(tmp_path / "data") as temporary:
        _fill(temporary, a="1")
    with pytest.raises(KeyboardInterrupt):
        _break_off(atomic.replace_folder(tmp_path / "data"), KeyboardInterrupt(), a="2")
    assert (tmp_path / "data" / "a").read_text() == "1"
    assert _names(tmp_path) == ["data"]


def test_an_earlier_folder_comes_back_when_the_renaming_fails(tmp_path, monkeypatch):
    with atomic.replace_folder(tmp_path / "data") as temporary:
        _fill(temporary, a="1")
    rename = Path.rename

    def refuse_the_new(self, target):
        if (self / "new").exists():
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new)
    with pytest.raises(OSError, match="Input/output"), atomic.replace_folder(tmp_path / "data") as temporary:
        _fill(temporary, new="2")
    assert _names(tmp_path) == ["data"]
    assert (tmp_path / "data" / "a").read_text() == "1"


def test_deleting_follows_no_link_and_misses_nothing(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "kept.txt").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "far")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").symlink_to(tmp_path / "far")
    for name in ("link", "folder", "nothing"):
        atomic.delete(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["far"]
    assert (tmp_path / "far" / "kept.txt").read_text() == "kept"
