"""CelebA: official lists, the central crop, optional classes; what is missing is named."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from genharness import DataError
from genharness.data import ensure_prepared
from genharness_data_vision import CELEBA
from genharness_data_vision.celeba import read_attribute, read_partition
from packed import as_zip, encoded

SPLITS = {"000001.jpg": 0, "000002.jpg": 0, "000003.jpg": 0, "000004.jpg": 1, "000005.jpg": 2}
PARTITION = "".join(f"{name} {split}\n" for name, split in SPLITS.items())
ATTRIBUTES = """5
Bald Smiling Young
000001.jpg -1  1 -1
000002.jpg -1 -1  1
000003.jpg  1  1  1
000004.jpg -1  1  1
000005.jpg -1 -1 -1
"""


def face(level):
    """Bright bands where the crop must cut, above row 20 and below row 198."""
    pixels = np.full((218, 178, 3), level, np.uint8)
    pixels[:20] = pixels[198:] = 255
    return encoded(pixels, "JPEG", quality=95, subsampling=0)


def faces():
    return {f"img_align_celeba/{name}": face(20 * number) for number, name in enumerate(SPLITS, 1)}


@pytest.fixture
def folder(tmp_path):
    """As downloaded: the lists in their own folders, the faces zipped."""
    for name, text in (("Eval/list_eval_partition.txt", PARTITION), ("Anno/list_attr_celeba.txt", ATTRIBUTES)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    as_zip(faces(), tmp_path / "img_align_celeba.zip")
    return tmp_path


def prepare(source, reference="celeba"):
    return ensure_prepared(CELEBA, reference, source=source)


def test_official_splits_and_the_central_crop(folder):
    data = prepare(folder)
    assert data.meta.counts == {"train": 3, "validation": 1, "test": 1}
    assert data.meta.shape == (3, 178, 178)
    middle = data.samples("train")[:, :, 2:-2].astype(int)
    np.testing.assert_allclose(middle, np.broadcast_to(np.reshape([20, 40, 60], (3, 1, 1, 1)), middle.shape), atol=3)
    assert data.meta.touched == {"cropped": 5}


def test_smiling_is_the_class_where_attributes_are_given(folder):
    data = prepare(folder)
    assert data.class_names == ("not smiling", "smiling")
    assert data.labels("train").tolist() == [1, 0, 1]


def test_faces_have_no_classes_without_the_attributes(folder):
    (folder / "Anno" / "list_attr_celeba.txt").unlink()
    data = prepare(folder)
    assert data.labels("train") is None
    assert any("no classes" in note for note in data.meta.notes)


def test_unpacked_folder_and_one_zip_of_all_give_the_same(folder, tmp_path_factory):
    expected = prepare(folder).content_hash
    other = tmp_path_factory.mktemp("other")
    files = {f"img_align_celeba/{name}": content for name, content in faces().items()}
    files["list_eval_partition.csv"] = "image_id,partition\n" + PARTITION.replace(" ", ",")
    as_zip({**files, "list_attr_celeba.txt": ATTRIBUTES}, other / "archive.zip")
    assert ensure_prepared(CELEBA, "celeba", source=other / "archive.zip", force=True).content_hash == expected
    with zipfile.ZipFile(other / "archive.zip") as archive:
        archive.extractall(other / "unpacked")
    assert ensure_prepared(CELEBA, "celeba", source=other / "unpacked", force=True).content_hash == expected


def test_zip_of_another_checksum_is_noted(folder):
    assert any("has not the checksum" in note for note in prepare(folder).meta.notes)


def test_other_size_is_made_straight_from_the_source(folder):
    data = prepare(folder, "celeba@32:grey")
    assert data.meta.shape == (1, 32, 32)
    assert not (data.folder.parent / "celeba").exists()
    assert data.samples("test")[0, 0, 16, 16] == pytest.approx(100, abs=3)


def test_without_from_the_message_says_where_to_get_it():
    with pytest.raises(DataError, match=r"Google Drive.*mmlab.*--from FOLDER"):
        prepare(None)


def test_missing_partition_list_is_named(folder):
    (folder / "Eval" / "list_eval_partition.txt").unlink()
    with pytest.raises(DataError, match=r"has no list_eval_partition\.txt"):
        prepare(folder)


def test_missing_faces_are_counted_and_the_first_is_named(folder):
    with zipfile.ZipFile(folder / "img_align_celeba.zip", "w") as archive:
        archive.writestr("img_align_celeba/000001.jpg", face(1))
    with pytest.raises(DataError, match=r"lacks 4 of 5 faces, first 000002\.jpg"):
        prepare(folder)


def test_unreadable_face_is_named(folder):
    with zipfile.ZipFile(folder / "img_align_celeba.zip", "w") as archive:
        for name, content in faces().items():
            archive.writestr(name, content[:400] if "000003" in name else content)
    with pytest.raises(DataError, match=r"000003\.jpg"):
        prepare(folder)


def test_corrupt_zip_is_named(folder):
    path = folder / "img_align_celeba.zip"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"img_align_celeba\.zip"):
        prepare(folder)


def test_attributes_of_fewer_faces_are_refused(folder):
    (folder / "Anno" / "list_attr_celeba.txt").write_text("\n".join(ATTRIBUTES.splitlines()[:-1]))
    with pytest.raises(DataError, match=r"4 faces but the partition 5: 000005\.jpg is missing"):
        prepare(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.jpg 0\nb.jpg 3\n", "line 2 is no file name and 0, 1 or 2"),
        ("a.jpg 0 0\n", "line 1 is no file name"),
        ("a.jpg 0\nb.jpg 1\n", "no face of the split test"),
        ("", "no face of the split train, validation, test"),
    ],
)
def test_damaged_partition_is_refused_with_the_line(text, message):
    with pytest.raises(DataError, match=message):
        read_partition(text, "list_eval_partition.txt")


def test_attributes_with_a_name_column_are_read():
    text = "image_id,Bald,Smiling\na.jpg,-1,1\nb.jpg,1,-1\n"
    assert read_attribute(text, "list_attr_celeba.csv", "Smiling") == {"a.jpg": 1, "b.jpg": 0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\nBald Young\na.jpg 1 1\n", "has no attribute Smiling"),
        ("1\nBald Smiling\na.jpg 1\n", "face 1 has no 1 or -1 for Smiling"),
        ("1\nBald Smiling\na.jpg 1 0\n", "face 1 has no 1 or -1 for Smiling"),
    ],
)
def test_damaged_attributes_are_refused_with_the_face(text, message):
    with pytest.raises(DataError, match=message):
        read_attribute(text, "list_attr_celeba.txt", "Smiling")
