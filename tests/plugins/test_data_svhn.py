"""SVHN's MATLAB files: read, label 10 is the digit 0, and damage is named."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from genharness import DataError
from genharness.data import ensure_prepared
from genharness_data_vision import SVHN
from genharness_data_vision.svhn import read_mat

RANDOM = np.random.RandomState(0)
TRAIN = RANDOM.randint(0, 256, (32, 32, 3, 6)).astype(np.uint8)
TEST = RANDOM.randint(0, 256, (32, 32, 3, 3)).astype(np.uint8)


def save(path, images, labels):
    savemat(path, {"X": images, "y": np.array(labels, np.uint8).reshape(-1, 1)}, do_compression=True)
    return path


@pytest.fixture
def official(tmp_path):
    save(tmp_path / "train_32x32.mat", TRAIN, [1, 9, 10, 10, 2, 5])
    save(tmp_path / "test_32x32.mat", TEST, [10, 4, 1])
    return tmp_path


def test_images_are_channels_first_and_ten_is_zero(official):
    data = ensure_prepared(SVHN, "svhn", source=official)
    np.testing.assert_array_equal(data.samples("train")[4], TRAIN[..., 4].transpose(2, 0, 1))
    assert data.labels("train").tolist() == [1, 9, 0, 0, 2, 5]
    assert data.labels("test").tolist() == [0, 4, 1]
    assert data.class_names == tuple("0123456789")


def test_files_of_another_checksum_are_taken_and_noted(official):
    notes = ensure_prepared(SVHN, "svhn", source=official).meta.notes
    assert [note.split()[0] for note in notes] == ["train_32x32.mat", "test_32x32.mat"]


def test_missing_split_is_named(official):
    (official / "test_32x32.mat").unlink()
    with pytest.raises(DataError, match=r"test_32x32\.mat is not in"):
        ensure_prepared(SVHN, "svhn", source=official)


def test_every_truncation_is_refused_by_name(official):
    path = official / "train_32x32.mat"
    whole = path.read_bytes()
    for length in range(0, len(whole), len(whole) // 50):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"train_32x32\.mat"):
            read_mat(path)


def test_text_file_is_refused(tmp_path):
    path = tmp_path / "train_32x32.mat"
    path.write_text("<html>404 not found</html>" * 100)
    with pytest.raises(DataError, match="cannot be read as a MATLAB file"):
        read_mat(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"X": TEST, "y": [[1], [2]]}, "3 images but 2 labels"),
        ({"X": TEST, "y": [[1], [2], [11]]}, "whole numbers from 1 to 10"),
        ({"X": TEST, "y": [[0], [2], [3]]}, "whole numbers from 1 to 10"),
        ({"X": TEST, "y": [[1.5], [2], [3]]}, "whole numbers from 1 to 10"),
        ({"X": TEST[:16], "y": [[1], [2], [3]]}, "not uint8"),
        ({"X": TEST.astype(float), "y": [[1], [2], [3]]}, "not uint8"),
        ({"X": TEST}, "has no variable y"),
        ({"digitStruct": TEST}, "has no variable X and no y"),
    ],
)
def test_content_that_does_not_fit_is_refused_with_the_reason(tmp_path, content, message):
    path = tmp_path / "train_32x32.mat"
    savemat(path, content)
    with pytest.raises(DataError, match=message):
        read_mat(path)


def test_failed_import_leaves_the_earlier_preparation(official):
    before = ensure_prepared(SVHN, "svhn", source=official).content_hash
    (official / "test_32x32.mat").write_bytes(b"broken")
    with pytest.raises(DataError):
        ensure_prepared(SVHN, "svhn", source=official, force=True)
    assert ensure_prepared(SVHN, "svhn").content_hash == before
