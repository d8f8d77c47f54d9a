"""CIFAR-10: official batches and class folders, packed or not; what is damaged or hostile is named and refused."""

from __future__ import annotations

import os
import pickle
import tarfile

import numpy as np
import pytest
from PIL import Image

from genharness import DataError
from genharness.data import data_home, ensure_prepared, is_prepared
from genharness_data_vision import CIFAR10
from genharness_data_vision.cifar10 import BATCHES
from packed import as_folder, as_tar, as_zip, encoded

PER_BATCH = 4
RANDOM = np.random.RandomState(0)
EVERY_BATCH = [batch for split in BATCHES.values() for batch in split]
IMAGES = {batch: RANDOM.randint(0, 256, (PER_BATCH, 3072)).astype(np.uint8) for batch in EVERY_BATCH}
LABELS = {batch: RANDOM.randint(0, 10, PER_BATCH).tolist() for batch in EVERY_BATCH}


def official_files():
    dump = {batch: {b"data": IMAGES[batch], b"labels": LABELS[batch], b"batch_label": b"x"} for batch in EVERY_BATCH}
    files = {f"cifar-10-batches-py/{batch}": pickle.dumps(content, 2) for batch, content in dump.items()}
    return {**files, "cifar-10-batches-py/readme.html": b"<html></html>"}


def pictures(suffix=".png", classes=CIFAR10.class_names):
    """One picture a class and split: its colour is its label, brighter in test."""
    files = {}
    for split, blue in (("train", 0), ("test", 100)):
        for label, name in enumerate(classes):
            picture = Image.new("RGB", (32, 32), (20 * label, 10, blue))
            files[f"{split}/{name}/0000{suffix}"] = encoded(picture, "JPEG" if suffix == ".jpg" else "PNG")
    return files


PACKINGS = {
    "folder": lambda files, path: as_folder(files, path / "given"),
    "tar.gz": lambda files, path: as_tar(files, path / "given.tar.gz", "gz"),
    "tar.xz": lambda files, path: as_tar(files, path / "given.tar.xz", "xz"),
    "tar": lambda files, path: as_tar(files, path / "given.tar", ""),
    "zip": lambda files, path: as_zip(files, path / "given.zip"),
}


def prepare(source, reference="cifar10"):
    return ensure_prepared(CIFAR10, reference, source=source)


@pytest.mark.parametrize("pack", PACKINGS.values(), ids=PACKINGS.keys())
def test_official_batches_are_planar_and_in_order(tmp_path, pack):
    data = prepare(pack(official_files(), tmp_path))
    train = np.concatenate([IMAGES[batch] for batch in BATCHES["train"]]).reshape(-1, 3, 32, 32)
    np.testing.assert_array_equal(data.samples("train"), train)
    np.testing.assert_array_equal(data.samples("test"), IMAGES["test_batch"].reshape(-1, 3, 32, 32))
    assert data.labels("train").tolist() == [label for batch in BATCHES["train"] for label in LABELS[batch]]


@pytest.mark.parametrize("pack", PACKINGS.values(), ids=PACKINGS.keys())
def test_class_folders_are_read_whatever_they_are_packed_in(tmp_path, pack):
    data = prepare(pack(pictures(), tmp_path))
    assert data.labels("train").tolist() == list(range(10))
    assert data.samples("train")[:, 0, 5, 5].tolist() == [20 * label for label in range(10)]
    assert (data.samples("test")[:, 2] == 100).all()
    assert data.class_names == CIFAR10.class_names


def test_content_hash_does_not_depend_on_the_packing(tmp_path):
    files = pictures()
    shuffled = dict(sorted(files.items(), reverse=True))
    first = prepare(as_zip(files, tmp_path / "a.zip")).content_hash
    second = ensure_prepared(CIFAR10, "cifar10", source=as_tar(shuffled, tmp_path / "b.tar.xz"), force=True)
    assert second.content_hash == first


def test_official_archive_in_a_folder_is_found(tmp_path):
    as_tar(official_files(), tmp_path / "cifar-10-python.tar.gz", "gz")
    data = prepare(tmp_path)
    assert data.meta.counts == {"train": 5 * PER_BATCH, "test": PER_BATCH}
    assert any("has not the checksum" in note for note in data.meta.notes)


def test_pictures_in_jpeg_are_noted_and_in_png_are_not(tmp_path):
    lossless = prepare(as_zip(pictures(".png"), tmp_path / "png.zip"), "cifar10@16").meta.notes
    lossy = ensure_prepared(CIFAR10, "cifar10", source=as_zip(pictures(".jpg"), tmp_path / "jpg.zip"), force=True)
    assert not any("JPEG" in note for note in lossless)
    assert any("JPEG" in note for note in lossy.meta.notes)


def test_code_in_a_batch_is_refused_and_does_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    files = {**official_files(), "cifar-10-batches-py/data_batch_2": pickle.dumps({"data": Evil()})}
    with pytest.raises(DataError, match=r"data_batch_2 was refused as a pickle: it asks for (posix|nt)\.system"):
        prepare(as_tar(files, tmp_path / "cifar.tar.gz", "gz"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "cifar-10-batches-py/../../escaped"])
def test_path_traversal_is_refused_and_writes_nothing(tmp_path, name):
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match="its path leaves the folder"):
        prepare(as_tar({**official_files(), name: b"x"}, tmp_path / "in" / "cifar.tar", ""))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["cifar.tar"]


def test_link_in_an_archive_is_refused(tmp_path):
    path = tmp_path / "cifar.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("train/cat/0000.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    with pytest.raises(DataError, match="link or a device"):
        prepare(path)


def test_corrupt_archive_is_named(tmp_path):
    path = as_tar(official_files(), tmp_path / "cifar.tar.gz", "gz")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"cifar\.tar\.gz is damaged"):
        prepare(path)


def test_missing_batch_is_named(tmp_path):
    files = official_files()
    del files["cifar-10-batches-py/data_batch_4"]
    with pytest.raises(DataError, match=r"has no data_batch_4$"):
        prepare(as_folder(files, tmp_path / "given"))


def test_labels_of_another_length_are_named(tmp_path):
    files = official_files()
    files["cifar-10-batches-py/test_batch"] = pickle.dumps({"data": IMAGES["test_batch"], "labels": [1]}, 2)
    with pytest.raises(DataError, match=r"test_batch has 4 images but 1 labels"):
        prepare(as_folder(files, tmp_path / "given"))


def test_missing_split_is_named(tmp_path):
    files = {name: content for name, content in pictures().items() if name.startswith("train/")}
    with pytest.raises(DataError, match="give the splits train and test"):
        prepare(as_zip(files, tmp_path / "cifar.zip"))


def test_unknown_class_folder_is_named_with_the_near_one(tmp_path):
    classes = tuple("trucks" if name == "truck" else name for name in CIFAR10.class_names)
    with pytest.raises(DataError, match=r"unknown class folder 'trucks'; did you mean 'truck'\?"):
        prepare(as_zip(pictures(classes=classes), tmp_path / "cifar.zip"))


def test_missing_class_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="no folder for the class truck"):
        prepare(as_zip(pictures(classes=CIFAR10.class_names[:9]), tmp_path / "cifar.zip"))


def test_unreadable_picture_is_named_and_nothing_is_imported(tmp_path):
    files = pictures()
    files["train/frog/0000.png"] = files["train/frog/0000.png"][:60]
    with pytest.raises(DataError, match=r"1 of 10 pictures cannot be used.*train/frog/0000\.png"):
        prepare(as_zip(files, tmp_path / "cifar.zip"))
    assert not is_prepared(CIFAR10, "cifar10")
    assert [path.name for path in data_home().iterdir() if path.is_dir()] == []


def test_source_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere does not exist"):
        prepare(tmp_path / "nowhere")


def test_other_sizes_and_validation_come_from_the_preparation(tmp_path):
    prepare(as_tar(official_files(), tmp_path / "cifar.tar.gz", "gz"))
    assert ensure_prepared(CIFAR10, "cifar10@64").meta.shape == (3, 64, 64)
    assert ensure_prepared(CIFAR10, "cifar10#validation=5").meta.counts == {"train": 15, "validation": 5, "test": 4}


@pytest.mark.slow
def test_real_archive_of_pictures_is_whole(shared_data):
    path = shared_data / "cifar10-jpeg.tar.xz"
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    data = prepare(path)
    assert data.meta.counts == CIFAR10.counts
    assert data.meta.shape == CIFAR10.shape
    assert set(data.class_counts("train").values()) == {5000}
    assert set(data.class_counts("test").values()) == {1000}
    # Means and deviations of the official train split in [0, 1]: JPEG moves them by less than a hundredth.
    pixels = data.samples("train")[::10] / np.float32(255)
    np.testing.assert_allclose(pixels.mean(axis=(0, 2, 3)), [0.4914, 0.4822, 0.4465], atol=0.01)
    np.testing.assert_allclose(pixels.std(axis=(0, 2, 3)), [0.2470, 0.2435, 0.2616], atol=0.01)
