"""Pictures of a zip or a folder are decoded once, and what is kept of them is what decoding gives."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from genharness import DataError
from genharness.external import zip_cache as decoded
from genharness.external.zip_cache import read_or_recall
from genharness.files.home import home
from genharness.identity.closure import Code
from genharness.identity.parts import core_code
from genharness.images import read_samples
from packed import as_zip, encoded

RANDOM = np.random.default_rng(0)


def picture(mode="RGB", side=6):
    return encoded(Image.fromarray(RANDOM.integers(0, 256, (side, side, 3)).astype(np.uint8)).convert(mode))


@pytest.fixture
def files():
    return {"cat/0.png": picture(), "cat/1.png": picture("P"), "dog/2.png": picture(side=9), "notes.txt": b"-"}


@pytest.fixture
def packed(files, tmp_path):
    return as_zip(files, tmp_path / "a.zip")


@pytest.fixture
def folder(files, tmp_path):
    for name, content in files.items():
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(content)
    return tmp_path / "photos"


def read(path, size=6):
    return read_or_recall(path, size=size, report=lambda *_: None)


def same(one, other):
    np.testing.assert_array_equal(one.samples, other.samples)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert (one.where, one.class_names, dict(one.touched), one.notes) == (
        other.where,
        other.class_names,
        dict(other.touched),
        other.notes,
    )


@pytest.mark.parametrize("form", ["packed", "folder"])
def test_the_second_reading_decodes_nothing_and_says_the_same(form, request, monkeypatch):
    packed = request.getfixturevalue(form)
    expected = read_samples(packed, size=6)
    same(read(packed), expected)

    def fail(*arguments, **options):
        raise AssertionError("decoded again")

    monkeypatch.setattr(decoded, "read_samples", fail)
    same(read(packed), expected)


def test_another_size_and_another_zip_are_decoded_anew(packed):
    assert read(packed, 6).samples.shape == (3, 3, 6, 6)
    assert read(packed, 8).samples.shape == (3, 3, 8, 8)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("dog/3.png", picture())
    assert read(packed, 6).samples.shape == (4, 3, 6, 6)


def test_a_picture_that_changed_moved_or_went_is_noticed(folder):
    before = read(folder).samples
    (folder / "cat" / "0.png").write_bytes(picture())
    changed = read(folder).samples
    assert not np.array_equal(changed, before)
    (folder / "cat" / "0.png").rename(folder / "dog" / "0.png")
    assert read(folder).labels.tolist() == [0, 1, 1]
    (folder / "dog" / "0.png").unlink()
    assert len(read(folder).samples) == 2


def test_a_link_that_leads_nowhere_is_named_in_a_folder_that_is_kept(folder):
    read(folder)
    (folder / "cat" / "gone.png").symlink_to("nowhere")
    with pytest.raises(DataError, match=r"cat/gone\.png"):
        read(folder)


def test_another_fit_is_decoded_anew(packed):
    for fit in ("pad", "stretch", "crop"):
        kept = read_or_recall(packed, size=8, report=lambda *_: None, fit=fit)
        same(kept, read_samples(packed, size=8, fit=fit))


@pytest.mark.parametrize("limit", ["MOST_BYTES", "_MOST_FILES"])
def test_a_large_folder_is_not_kept(folder, monkeypatch, limit):
    monkeypatch.setattr(decoded, limit, 3)
    read(folder)
    assert not (home() / "features").exists()


def test_a_folder_that_leads_to_itself_is_read_as_ever(folder, monkeypatch):
    (folder / "again").symlink_to(folder, target_is_directory=True)
    monkeypatch.setattr(decoded, "_MOST_FILES", 30)
    same(read(folder), read_samples(folder, size=6))


def test_what_cannot_be_used_is_named_every_time_and_not_kept(packed):
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("dog/bad.png", b"")
    for _ in range(2):
        with pytest.raises(DataError, match=r"dog/bad\.png \(it is empty\)"):
            read(packed)
    assert not [path for path in (home() / "features").iterdir() if path.suffix != ".lock"]


def test_large_zips_are_not_kept(packed, monkeypatch):
    monkeypatch.setattr(decoded, "MOST_BYTES", 10)
    assert len(read(packed).samples) == 3
    assert not (home() / "features").exists()


def test_other_code_decodes_anew(packed, monkeypatch):
    read(packed)
    monkeypatch.setattr(decoded, "core_code", lambda what: Code("other", ()))
    read(packed)
    assert len(list((home() / "features").glob("*/entry.json"))) == 2


def test_what_decodes_is_known():
    found = set(core_code("decoding").modules)
    assert {f"genharness.{name}" for name in ("images.samples", "files.archives", "images.decode")} <= found
