"""The COVID-19 radiography database: Kaggle's layout, folder or zip, masks skipped."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from genharness import DataError
from genharness.data import ensure_prepared
from genharness_data_chest_xray import COVID_RADIOGRAPHY
from packed import as_folder, as_zip, encoded

ROOT = "COVID-19_Radiography_Dataset"
PER_CLASS = 5


def picture(level, mode="L"):
    return encoded(Image.new("L", (299, 299), level).convert(mode))


def kaggle_files():
    files = {f"{ROOT}/README.md.txt": b"text"}
    for label, name in enumerate(COVID_RADIOGRAPHY.class_names):
        files[f"{ROOT}/{name}.metadata.xlsx"] = b"table"
        for number in range(1, PER_CLASS + 1):
            mode = "RGB" if number == 1 else "L"
            files[f"{ROOT}/{name}/images/{name}-{number}.png"] = picture(50 * label, mode)
            files[f"{ROOT}/{name}/masks/{name}-{number}.png"] = picture(255)
    return files


def prepare(source, reference="covid-radiography"):
    return ensure_prepared(COVID_RADIOGRAPHY, reference, source=source)


@pytest.mark.parametrize(("pack", "name"), [(as_folder, "given"), (as_zip, "archive.zip")])
def test_classes_are_read_and_masks_are_skipped(tmp_path, pack, name):
    data = prepare(pack(kaggle_files(), tmp_path / name))
    assert data.meta.shape == (1, 299, 299)
    assert data.meta.counts == {"train": 16, "test": 4}
    for split in data.splits:
        np.testing.assert_array_equal(data.samples(split)[:, 0, 7, 7], 50 * data.labels(split))


def test_split_is_stratified_and_said_to_be_without_patients(tmp_path):
    data = prepare(as_zip(kaggle_files(), tmp_path / "archive.zip"))
    assert data.class_counts("test") == dict.fromkeys(COVID_RADIOGRAPHY.class_names, 1)
    assert any("no patients" in note for note in data.meta.notes)
    assert any("different sources" in note for note in data.meta.notes)


def test_counts_of_the_spec_are_what_the_whole_database_gives():
    total = 3616 + 6012 + 10192 + 1345
    assert COVID_RADIOGRAPHY.counts == {"train": total - round(total / 5), "test": round(total / 5)}


def test_colour_pictures_become_grey_and_are_counted(tmp_path):
    assert prepare(as_zip(kaggle_files(), tmp_path / "archive.zip")).meta.touched == {"converted": 4}


def test_other_size_is_made_straight_from_the_source(tmp_path):
    data = prepare(as_zip(kaggle_files(), tmp_path / "archive.zip"), "covid-radiography@32")
    assert data.meta.shape == (1, 32, 32)
    assert not (data.folder.parent / "covid-radiography").exists()


def test_missing_class_is_named(tmp_path):
    files = {name: content for name, content in kaggle_files().items() if "/Normal/images" not in name}
    with pytest.raises(DataError, match="has no pictures in Normal/images"):
        prepare(as_zip(files, tmp_path / "archive.zip"))


def test_unknown_class_folder_is_named(tmp_path):
    files = {**kaggle_files(), f"{ROOT}/Covid/images/a.png": picture(1)}
    with pytest.raises(DataError, match=r"unknown class folder 'Covid'"):
        prepare(as_zip(files, tmp_path / "archive.zip"))


def test_unreadable_picture_is_named(tmp_path):
    files = kaggle_files()
    files[f"{ROOT}/Viral Pneumonia/images/Viral Pneumonia-3.png"] = picture(1)[:80]
    with pytest.raises(DataError, match=r"Viral Pneumonia-3\.png"):
        prepare(as_zip(files, tmp_path / "archive.zip"))


@pytest.mark.parametrize("name", ["../Normal/images/a.png", "/Normal/images/a.png"])
def test_path_traversal_is_refused(tmp_path, name):
    with pytest.raises(DataError, match="its path leaves the folder"):
        prepare(as_zip({**kaggle_files(), name: picture(1)}, tmp_path / "archive.zip"))


def test_corrupt_zip_is_named(tmp_path):
    path = as_zip(kaggle_files(), tmp_path / "archive.zip")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"archive\.zip"):
        prepare(path)


def test_without_from_the_message_names_the_page():
    with pytest.raises(DataError, match=r"kaggle\.com/datasets/tawsifurrahman.*--from"):
        prepare(None)
