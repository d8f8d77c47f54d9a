"""Pictures that are all alike are opened once, and prepared to the same bits as those that are looked at first."""

import dataclasses

import pytest

import genharness_data_files.pictures as pictures
from genharness.data import ensure_prepared
from genharness.errors import DataError
from genharness.images import decode
from genharness.plugin.registry import load_registry
from picture_kinds import KINDS, picture_files


def write(folder, kind):
    for place, content in enumerate(picture_files(kind)):
        path = folder / "pictures" / str(place % 2) / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "pictures"


def prepared(where, folder, monkeypatch, name, variant=""):
    monkeypatch.setenv("GENHARNESS_HOME", str(where / name))
    data = ensure_prepared(load_registry().datasets.find("folder"), f"folder:{folder}{variant}")
    return dataclasses.replace(data.meta, code="")


def refused(*_):
    raise DataError("not all alike")


@pytest.mark.parametrize("variant", ["", "@8", "@8:pad"])
@pytest.mark.parametrize("kind", KINDS)
def test_bits_counts_and_notes_are_those_of_a_look_at_all_of_them(kind, variant, tmp_path, monkeypatch):
    if kind == "oblong and square" and not variant:
        variant = "@12:stretch"  # neither is cut unasked
    folder = write(tmp_path, kind)
    once = prepared(tmp_path, folder, monkeypatch, "once", variant)
    monkeypatch.setattr(pictures, "_write_at_once", refused)
    assert once == prepared(tmp_path, folder, monkeypatch, "looked", variant)
    assert once.counts == {"train": 8, "test": 2}


@pytest.mark.parametrize(("kind", "most"), [("colour", 11), ("grey", 11), ("grey at last", 11), ("mixed squares", 40)])
def test_pictures_that_are_alike_are_opened_once(kind, most, tmp_path, monkeypatch):
    folder, opened, really = write(tmp_path, kind), [], decode._open
    monkeypatch.setattr(decode, "_open", lambda content: opened.append(1) or really(content))
    prepared(tmp_path, folder, monkeypatch, "home")
    assert 10 < len(opened) <= most


def test_what_cannot_be_used_is_named_as_ever_all_of_it(tmp_path, monkeypatch):
    folder = write(tmp_path, "colour")
    (folder / "0" / "8.png").write_bytes((folder / "0" / "8.png").read_bytes()[:100])
    (folder / "1" / "9.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"2 of 10 pictures cannot be used.*0/8.png.*1/9.png"):
        prepared(tmp_path, folder, monkeypatch, "home")
