"""A path stands for what is there: its content, wherever it lies and whenever it was written."""

import json
import os
from pathlib import Path

import pytest

from genharness.files.home import home
from genharness.identity import contents
from genharness.identity.contents import content_of, inputs_of

LARGE = contents._SMALL + 1


def test_a_file_is_told_by_its_content_alone(tmp_path):
    for name, text in (("a.pt", "one"), ("b.pt", "one"), ("c.pt", "two")):
        (tmp_path / name).write_text(text)
    one, same, other = (content_of(tmp_path / name) for name in ("a.pt", "b.pt", "c.pt"))
    assert one == same != other


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "set" / "deep").mkdir(parents=True)
    (tmp_path / "set" / "a").write_text("one")
    (tmp_path / "set" / "deep" / "b").write_text("two")
    return tmp_path / "set"


def test_a_folder_is_told_by_names_and_contents_below_it(folder):
    before = content_of(folder)
    changes = {
        "a content": lambda: (folder / "deep" / "b").write_text("2"),
        "a name": lambda: (folder / "a").rename(folder / "c"),
        "a place": lambda: (folder / "deep" / "b").rename(folder / "b"),
        "a new file": lambda: (folder / "deep" / "d").write_text(""),
        "a lost file": lambda: (folder / "deep" / "d").unlink(),
    }
    seen = {before}
    for change in changes.values():
        change()
        after = content_of(folder)
        assert after not in seen or change is changes["a lost file"]
        seen.add(after)


def test_a_folder_may_be_moved(folder):
    before = content_of(folder)
    moved = folder.rename(folder.with_name("moved"))
    os.utime(moved / "a", (1, 1))
    assert content_of(moved) == before


def test_what_is_no_file_is_told_by_its_name(folder):
    before = content_of(folder)
    assert before == "f435d463aa7146e550d726040f038e4c"
    (folder / "deep" / "gone").symlink_to("nowhere")
    assert content_of(folder) != before


def test_nothing_has_no_content(tmp_path):
    assert content_of(tmp_path / "nowhere") == ""


def test_an_empty_folder_and_an_empty_file_are_something(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    assert content_of(tmp_path / "empty")
    assert content_of(tmp_path / "file")


@pytest.fixture
def large(tmp_path):
    """A file that is worth remembering, long settled."""
    path = tmp_path / "large.pt"
    path.write_bytes(bytes(LARGE))
    return path


@pytest.fixture
def settled(monkeypatch):
    monkeypatch.setattr(contents, "_SETTLED_SECONDS", -1)


@pytest.fixture
def read(monkeypatch):
    """Count the files that are read."""
    names = []
    digest = contents.file_digest
    monkeypatch.setattr(contents, "file_digest", lambda path, kind: names.append(path.name) or digest(path, kind))
    return names


@pytest.mark.usefixtures("settled")
def test_a_large_file_is_read_once(large, read):
    assert content_of(large) == content_of(large)
    assert read == ["large.pt"]


def test_a_file_that_has_just_changed_is_read_again(large, read):
    content_of(large)
    content_of(large)
    assert len(read) == 2


@pytest.mark.usefixtures("settled")
def test_another_content_of_the_same_size_and_time_is_seen(large):
    before, state = content_of(large), large.stat()
    other = large.with_name("other.pt")
    other.write_bytes(b"1" * LARGE)
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(large)
    assert content_of(large) != before


@pytest.mark.usefixtures("settled")
def test_a_file_written_in_place_with_its_time_put_back_is_seen(large):
    before, state = content_of(large), large.stat()
    large.write_bytes(b"1" * LARGE)
    os.utime(large, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert content_of(large) != before


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("damage", ["{", "[]", '{"a": 3}', "null"])
def test_a_damaged_memory_costs_a_reading(large, damage):
    right = content_of(large)
    (home() / "code" / "contents.json").write_text(damage)
    assert content_of(large) == right
    assert json.loads((home() / "code" / "contents.json").read_text())


@pytest.mark.usefixtures("settled")
def test_a_memory_that_cannot_be_written_costs_a_reading(large, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(contents, "write_bytes", full)
    assert content_of(large) == content_of(large)


def test_options_that_are_paths_are_inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("weights.pt").write_text("one")
    Path("folder").mkdir()
    Path("folder", "a").touch()
    Path("plain").touch()
    options = {
        "typed": Path("weights.pt"),
        "absolute": str(tmp_path / "weights.pt"),
        "dotted": "./weights.pt",
        "a name with a suffix": "weights.pt",
        "a folder": "./folder",
        "typed and missing": Path("nowhere.pt"),
        # no paths
        "a word that a file has": "plain",
        "a word that a folder has": "folder",
        "missing": "./nowhere.pt",
        "a word": "adam",
        "a rate": 1e-3,
        "nothing": None,
        "empty": "",
        "a list": (1, 2),
        "nulls": "a\0b",
        "long": "x/" * 5000,
        "too long a name": "x" * 4000 + ".pt",
    }
    found = inputs_of(options)
    assert set(found) == {"typed", "absolute", "dotted", "a name with a suffix", "a folder", "typed and missing"}
    assert found["typed"] == found["absolute"] == found["dotted"] == content_of(Path("weights.pt"))
    assert found["typed and missing"] == ""


def test_a_path_from_the_home_folder_is_an_input(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "weights.pt").write_text("one")
    assert inputs_of({"weights": "~/weights.pt"}) == {"weights": content_of(tmp_path / "weights.pt")}
