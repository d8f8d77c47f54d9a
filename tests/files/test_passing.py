"""Temporary folders that stay where a message names a file in them."""

import contextlib

import pytest

from genharness.files.passing import passing_folder


@pytest.mark.parametrize("kept", [False, True])
def test_a_folder_passes_unless_it_is_kept(kept, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with contextlib.suppress(ValueError), passing_folder("some-") as folder:
        (folder.path / "file").write_text("a")
        folder.kept = kept
        raise ValueError
    assert [path.read_text() for path in tmp_path.glob("some-*/file")] == ["a"] * kept
