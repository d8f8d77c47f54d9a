"""The chunked writer: what it writes is what numpy reads, and nothing half-fitting gets in."""

from __future__ import annotations

import numpy as np
import pytest

from genharness import DataError
from genharness.data import ArrayWriter, open_folder, parse_reference, verify_arrays

IMAGES = np.random.RandomState(0).randint(0, 256, (10, 3, 6, 8)).astype(np.uint8)
LABELS = np.arange(10) % 2


@pytest.fixture
def make(tmp_path):
    writers = []

    def make_writer(reference="toy", **options):
        folder = tmp_path / f"prepared-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        writers.append(ArrayWriter(folder, parse_reference(reference), **options))
        return writers[-1]

    yield make_writer
    for writer in writers:
        writer.abandon()


def finish(writer):
    writer.split("test").write(IMAGES[:2], LABELS[:2])
    writer.finish()
    return open_folder(writer.folder, "toy")


def test_chunks_become_one_memory_map(make):
    writer = make()
    with writer.split("train", count=10, shape=(3, 6, 8)) as train:
        train.write(IMAGES[:3], LABELS[:3])
        train.write(IMAGES[3:3], LABELS[3:3])
        train.write(IMAGES[3:], LABELS[3:].astype(np.uint8))
    data = finish(writer)
    samples = data.samples("train")
    assert isinstance(samples, np.memmap)
    assert not samples.flags.writeable
    np.testing.assert_array_equal(samples, IMAGES)
    np.testing.assert_array_equal(data.labels("train"), LABELS)
    assert data.labels("train").dtype == np.int64
    assert (data.shape.modality, data.shape.shape, data.shape.classes, data.shape.train_count) == (
        "image",
        (3, 6, 8),
        2,
        10,
    )
    verify_arrays(data)


def test_content_hash_tells_values_but_not_chunks(make):
    def prepared(cuts, images):
        writer = make()
        train = writer.split("train")
        for part, labels in zip(np.split(images, cuts), np.split(LABELS, cuts), strict=True):
            train.write(part, labels)
        return finish(writer).content_hash

    changed = IMAGES.copy()
    changed[4, 0, 0, 0] ^= 1
    assert prepared([5], IMAGES) == prepared([1, 2], IMAGES) != prepared([5], changed)


def test_tables_are_float32_rows_without_labels(make):
    writer = make()
    rows = np.arange(12.0).reshape(4, 3)
    writer.describe(column_names=("a", "b", "c"))
    writer.split("train").write(rows)
    writer.split("test").write(rows[:1])
    writer.finish()
    data = open_folder(writer.folder, "toy")
    assert data.meta.modality == "tabular"
    assert data.samples("train").dtype == np.float32
    assert data.labels("train") is None
    assert data.shape.columns == 3
    assert data.meta.column_names == ("a", "b", "c")


def test_reference_makes_images_fit(make):
    writer = make("toy@4:grey")
    writer.split("train").write(IMAGES, LABELS)
    data = finish(writer)
    assert data.meta.shape == (1, 4, 4)
    assert data.meta.touched == {"resized": 12, "cropped": 12, "converted": 12}


def write_twice(writer):
    writer.split("train").write(IMAGES)
    writer.split("train")


WRONG = {
    "10 samples were found, not 11": lambda w: (train := w.split("train", 11)).write(IMAGES) or train.close(),
    "it has no samples": lambda w: (train := w.split("train")).write(IMAGES[:0]) or train.close(),
    "'test' is missing": lambda w: w.split("train").write(IMAGES) or w.finish(),
    "'train' is missing": lambda w: w.split("test").write(IMAGES) or w.finish(),
    "10 samples but labels of shape": lambda w: w.split("train").write(IMAGES, LABELS[:9]),
    "whole numbers": lambda w: w.split("train").write(IMAGES, LABELS / 2),
    "label 2 does not fit 2 classes": lambda w: w.split("train").write(IMAGES, LABELS + 1),
    "label -1": lambda w: w.split("train").write(IMAGES, LABELS - 1),
    "uint8": lambda w: w.split("train").write(IMAGES.astype(np.float32)),
    "1 or 3": lambda w: w.split("train").write(IMAGES[:, :2]),
    "NaN": lambda w: w.split("train").write(np.full((2, 2), np.nan)),
    "written twice": write_twice,
    "not 'dev'": lambda w: w.split("dev"),
    "not \\(3, 8, 8\\)": lambda w: w.split("train", shape=(3, 8, 8)).write(IMAGES),
    "another has": lambda w: w.split("train").write(IMAGES) or w.split("test").write(IMAGES[:, :1]),
}


@pytest.mark.parametrize("reason", WRONG)
def test_what_does_not_fit_is_refused(make, reason):
    writer = make(class_names=("a", "b"))
    with pytest.raises(DataError, match=reason):
        WRONG[reason](writer)


def test_labels_in_one_split_only_are_refused(make):
    writer = make()
    writer.split("train").write(IMAGES, LABELS)
    writer.split("test").write(IMAGES)
    with pytest.raises(DataError, match="only some splits have labels: train"):
        writer.finish()


def test_labels_in_some_chunks_only_are_refused(make):
    writer = make()
    train = writer.split("train")
    train.write(IMAGES, LABELS)
    with pytest.raises(DataError, match="some chunks have labels"):
        train.write(IMAGES)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (np.arange(60), "60 different labels of 70 samples are no classes: leave them out"),
        (np.arange(60) % 2 * 1000, "which would be 1,001 classes, and only 2 of them occur: number the classes from 0"),
    ],
)
def test_numbers_that_are_no_classes_are_refused(make, labels, reason):
    writer = make()
    writer.split("train").write(np.zeros((60, 1, 8, 8), np.uint8), labels)
    writer.split("test").write(np.zeros((10, 1, 8, 8), np.uint8), labels[:10])
    with pytest.raises(DataError, match=reason):
        writer.finish()


@pytest.mark.parametrize("offset", [1e9, -1e7, 1e300])
def test_rows_whose_spread_float32_would_lose_are_refused_with_the_column(make, offset):
    rows = np.random.RandomState(0).randn(20, 3)
    rows[:, 1] += offset
    with pytest.raises(DataError, match=r"column 1 has values around .* which float32 cannot hold: standardise rows"):
        make().split("train").write(rows)


@pytest.mark.parametrize("rows", [np.full((9, 2), 1e9), np.random.RandomState(0).randn(20, 3) * 1e9 + 1e9])
def test_rows_that_are_large_but_lose_nothing_are_taken(make, rows):
    make().split("train").write(rows)
