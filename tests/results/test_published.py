"""An index of hashes: what it says is what is taken, and nothing else."""

import json

import pytest

from genharness.errors import RunError
from genharness.results.published import INDEX, checked_files, is_published, write_index


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "published"
    (place / "records").mkdir(parents=True)
    (place / "cells" / "vae-digits-s0-1").mkdir(parents=True)
    (place / "records" / "vae-digits-s0-1.json").write_text("{}")
    (place / "cells" / "vae-digits-s0-1" / "grid.png").write_bytes(b"png")
    return place


def test_what_was_indexed_is_read_back(folder):
    assert not is_published(folder)
    digest = write_index(folder)
    assert is_published(folder)
    assert checked_files(folder) == {"records/vae-digits-s0-1.json": b"{}", "cells/vae-digits-s0-1/grid.png": b"png"}
    assert write_index(folder) == digest


@pytest.mark.parametrize("change", ["content", "missing", "link", "index", "no index"])
def test_what_is_not_what_the_index_says_is_refused(folder, change, tmp_path):
    write_index(folder)
    record = folder / "records" / "vae-digits-s0-1.json"
    if change == "content":
        record.write_text("{ }")
    elif change == "index":
        plain = json.loads((folder / INDEX).read_text())
        plain["files"]["records/another.json"] = "0" * 64
        (folder / INDEX).write_text(json.dumps(plain))
    elif change == "no index":
        (folder / INDEX).unlink()
    else:
        record.unlink()
    if change == "link":
        (tmp_path / "secret").write_text("{}")
        record.symlink_to(tmp_path / "secret")
    with pytest.raises(RunError, match=r"get it again|publish it first"):
        checked_files(folder)


def test_what_is_no_folder_is_not_said_to_lack_an_index(folder, tmp_path):
    (tmp_path / "file").touch()
    for name in ("file", "missing"):
        with pytest.raises(RunError, match=f"{name} is no folder: name what `genharness publish` wrote"):
            checked_files(tmp_path / name)


@pytest.mark.parametrize(
    "path",
    [
        "../out.json",
        "records/../../out.json",
        "/etc/passwd",
        "records/.x.json",
        "decisions/../x.json",
        "decisions/.x.json",
        "decisions/a/b.json",
        "cells/a/b/c.png",
        "cells/a/x.pt",
        "a.py",
    ],
)
def test_a_path_that_no_record_or_picture_has_is_refused(folder, path):
    from genharness.results.published import _content

    files = {path: "0" * 64}
    (folder / INDEX).write_text(json.dumps({"format": 1, "content": _content(files), "files": files}))
    with pytest.raises(RunError, match="which no record or picture is"):
        checked_files(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "files": [1], "content": ""}', "\x00"])
def test_a_damaged_index_is_told(folder, text):
    (folder / INDEX).write_text(text)
    with pytest.raises(RunError, match="get it again"):
        checked_files(folder)
