"""Downsampled ImageNet: official pickles and .npz, unpacked or zipped, labels from zero, memory of one batch."""

from __future__ import annotations

import io
import os
import pickle
import zipfile

import numpy as np
import pytest

from genharness import DataError
from genharness.data import ensure_prepared
from genharness_data_vision import IMAGENET32
from genharness_data_vision.imagenet32 import BATCHES

PER_BATCH = 3
RANDOM = np.random.RandomState(0)
IMAGES = {batch: RANDOM.randint(0, 256, (PER_BATCH, 3072)).astype(np.uint8) for batch in BATCHES}
LABELS = {batch: RANDOM.randint(1, 1001, PER_BATCH).tolist() for batch in BATCHES}


def as_pickle(batch):
    return pickle.dumps({"data": IMAGES[batch], "labels": LABELS[batch], "mean": IMAGES[batch].mean(axis=0)}, 2)


def as_npz(batch):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, data=IMAGES[batch], labels=np.array(LABELS[batch]), mean=IMAGES[batch].mean(axis=0))
    return buffer.getvalue()


def unpack(folder):
    for batch in BATCHES:
        place = folder / ("Imagenet32_val" if batch == "val_data" else "Imagenet32_train")
        place.mkdir(exist_ok=True)
        (place / batch).write_bytes(as_pickle(batch))
    return folder


def pack(folder, dump, suffix):
    for part, batches in (("train", BATCHES[:-1]), ("val", BATCHES[-1:])):
        with zipfile.ZipFile(folder / f"Imagenet32_{part}{suffix}.zip", "w") as archive:
            for batch in sorted(batches):  # _10 comes before _2, as in real archives
                archive.writestr(f"Imagenet32_{part}/{batch}{'.npz' if dump is as_npz else ''}", dump(batch))
    return folder


SOURCES = {
    "unpacked pickles": unpack,
    "zipped pickles": lambda folder: pack(folder, as_pickle, ""),
    "zipped npz": lambda folder: pack(folder, as_npz, "_npz"),
}


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES.keys())
def test_every_official_form_gives_the_same_arrays(tmp_path, make):
    data = ensure_prepared(IMAGENET32, "imagenet32", source=make(tmp_path))
    expected = np.concatenate([IMAGES[batch] for batch in BATCHES[:-1]]).reshape(-1, 3, 32, 32)
    np.testing.assert_array_equal(data.samples("train"), expected)
    np.testing.assert_array_equal(data.samples("test"), IMAGES["val_data"].reshape(-1, 3, 32, 32))
    assert data.labels("train").tolist() == [label - 1 for batch in BATCHES[:-1] for label in LABELS[batch]]
    assert data.shape.classes == 1000


def test_missing_batch_is_named(tmp_path):
    unpack(tmp_path)
    (tmp_path / "Imagenet32_train" / "train_data_batch_7").unlink()
    with pytest.raises(DataError, match=r"has no train_data_batch_7$"):
        ensure_prepared(IMAGENET32, "imagenet32", source=tmp_path)


def test_missing_validation_batch_is_named(tmp_path):
    unpack(tmp_path)
    (tmp_path / "Imagenet32_val" / "val_data").unlink()
    with pytest.raises(DataError, match="has no val_data"):
        ensure_prepared(IMAGENET32, "imagenet32", source=tmp_path)


def test_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere does not exist"):
        ensure_prepared(IMAGENET32, "imagenet32", source=tmp_path / "nowhere")


def test_code_in_a_batch_is_refused_and_does_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    unpack(tmp_path)
    (tmp_path / "Imagenet32_train" / "train_data_batch_3").write_bytes(pickle.dumps({"data": Evil()}))
    with pytest.raises(DataError, match=r"train_data_batch_3 was refused as a pickle"):
        ensure_prepared(IMAGENET32, "imagenet32", source=tmp_path)
    assert not (tmp_path / "ran").exists()


def test_pickled_objects_in_npz_are_refused(tmp_path):
    pack(tmp_path, as_npz, "_npz")
    buffer = io.BytesIO()
    np.savez(buffer, data=np.array([{"a": 1}], dtype=object), labels=np.array([1]))
    with zipfile.ZipFile(tmp_path / "Imagenet32_val_npz.zip", "w") as archive:
        archive.writestr("val_data.npz", buffer.getvalue())
    with pytest.raises(DataError, match=r"val_data\.npz cannot be read as \.npz"):
        ensure_prepared(IMAGENET32, "imagenet32", source=tmp_path)


def test_truncated_npz_is_named(tmp_path):
    pack(tmp_path, as_npz, "_npz")
    with zipfile.ZipFile(tmp_path / "Imagenet32_val_npz.zip", "w") as archive:
        archive.writestr("val_data.npz", as_npz("val_data")[:-100])
    with pytest.raises(DataError, match=r"val_data\.npz cannot be read"):
        ensure_prepared(IMAGENET32, "imagenet32", source=tmp_path)


def test_damaged_zip_is_named(tmp_path):
    pack(tmp_path, as_pickle, "")
    path = tmp_path / "Imagenet32_train.zip"
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataError, match=r"Imagenet32_train\.zip is damaged"):
        ensure_prepared(IMAGENET32, "imagenet32", source=tmp_path)


def test_smaller_size_is_made_straight_from_the_source(tmp_path):
    data = ensure_prepared(IMAGENET32, "imagenet32@16", source=unpack(tmp_path))
    assert data.meta.shape == (3, 16, 16)
    assert data.meta.touched == {"resized": len(BATCHES) * PER_BATCH}
