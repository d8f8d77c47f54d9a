"""LSUN: one lmdb a category and split, as folders or zips; the category is the class."""

from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile

import lmdb
import numpy as np
import pytest
from PIL import Image

from genharness import DataError
from genharness.data import ensure_prepared
from genharness_data_vision import LSUN
from packed import encoded

COLOURS = {"bedroom": (200, 0, 0), "tower": (0, 200, 0)}


def picture(colour, number):
    return encoded(Image.new("RGB", (300 + number, 256), colour), "WEBP" if number % 2 else "JPEG", quality=95)


def make_database(path, pictures):
    with lmdb.open(str(path), map_size=1 << 22) as environment, environment.begin(write=True) as transaction:
        for content in pictures:
            transaction.put(hashlib.sha1(content).hexdigest().encode(), content)


@pytest.fixture
def folder(tmp_path):
    for category, colour in COLOURS.items():
        for split, count in (("train", 3), ("val", 2)):
            make_database(tmp_path / f"{category}_{split}_lmdb", [picture(colour, number) for number in range(count)])
    return tmp_path


def prepare(source, reference="lsun@32"):
    return ensure_prepared(LSUN, reference, source=source)


def test_class_is_the_category_and_val_is_the_test_split(folder):
    data = prepare(folder)
    assert data.class_names == ("bedroom", "tower")
    assert data.meta.counts == {"train": 6, "test": 4}
    assert data.labels("train").tolist() == [0, 0, 0, 1, 1, 1]
    for image, label in zip(data.samples("train"), data.labels("train"), strict=True):
        np.testing.assert_allclose(image.mean(axis=(1, 2)), list(COLOURS.values())[label], atol=6)


def test_pictures_are_made_256_pixels_where_no_size_is_asked_for(folder):
    data = prepare(folder, "lsun")
    assert data.meta.shape == (3, 256, 256)
    assert data.meta.touched == {"cropped": 10}


def test_size_asked_for_is_made_straight_from_the_source(folder):
    data = prepare(folder)
    assert data.meta.shape == (3, 32, 32)
    assert not (data.folder.parent / "lsun").exists()


def test_zips_give_the_same_and_leave_nothing_unpacked(folder, tmp_path_factory):
    expected = prepare(folder).content_hash
    zipped = tmp_path_factory.mktemp("zipped")
    for path in folder.iterdir():
        with zipfile.ZipFile(zipped / f"{path.name}.zip", "w") as archive:
            archive.write(path / "data.mdb", f"{path.name}/data.mdb")
            archive.write(path / "lock.mdb", f"{path.name}/lock.mdb")
    data = ensure_prepared(LSUN, "lsun@32", source=zipped, force=True)
    assert data.content_hash == expected
    assert sorted(path.name for path in data.folder.iterdir()) == ["meta.json", "sealed.json", "test", "train"]


def test_missing_split_of_a_category_is_named(folder):
    shutil.rmtree(folder / "tower_val_lmdb")
    with pytest.raises(DataError, match="has no tower_val_lmdb"):
        prepare(folder)


def test_folder_without_databases_is_refused(tmp_path):
    with pytest.raises(DataError, match="CATEGORY_train_lmdb"):
        prepare(tmp_path)


def test_truncated_database_is_refused_before_it_is_read(folder):
    path = folder / "tower_train_lmdb" / "data.mdb"
    make_database(path.parent, [bytes([number]) * 3000 for number in range(20)])  # many pages, so that one is cut
    path.write_bytes(path.read_bytes()[:16384])
    with pytest.raises(DataError, match=r"tower_train_lmdb is damaged"):
        prepare(folder)


def test_file_that_is_no_database_is_refused(folder):
    (folder / "tower_train_lmdb" / "data.mdb").write_bytes(b"no database" * 1000)
    with pytest.raises(DataError, match="tower_train_lmdb is damaged or no lmdb"):
        prepare(folder)


def test_unreadable_picture_is_named_by_its_key(folder):
    make_database(folder / "tower_train_lmdb", [b"no picture"])
    with pytest.raises(DataError, match=hashlib.sha1(b"no picture").hexdigest()):
        prepare(folder)


def test_without_lmdb_the_message_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(DataError, match="pip install lmdb"):
        prepare(folder)


def test_without_from_the_message_says_where_to_get_it():
    with pytest.raises(DataError, match=r"yf\.io.*--from FOLDER"):
        prepare(None)
