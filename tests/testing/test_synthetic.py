"""The data that conformance checks run on."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genharness.testing.synthetic import CLASSES, COLUMNS, TEST, TRAIN, private_home, synthetic_data


@pytest.mark.parametrize(("size", "channels"), [(8, 1), (32, 3)])
def test_images_are_as_asked_for(size, channels):
    data = synthetic_data(size, channels)
    assert data.samples("train").shape == (TRAIN, channels, size, size)
    assert data.samples("test").shape == (TEST, channels, size, size)
    assert data.shape.classes == CLASSES


def test_a_class_is_where_the_blob_is():
    data = synthetic_data(16)
    images, labels = data.samples("train")[:, 0].astype(float), data.labels("train")
    brightest = images.reshape(len(images), -1).argmax(1)
    quadrant = 2 * (brightest // 16 >= 8) + (brightest % 16 >= 8)
    assert (quadrant == labels).mean() > 0.95


def test_rows_are_nearly_standardised_and_classes_differ():
    data = synthetic_data(tabular=True)
    rows, labels = data.samples("train"), data.labels("train")
    assert rows.shape == (TRAIN, COLUMNS)
    assert np.abs(rows.mean(0)).max() < 0.5
    means = np.array([rows[labels == label].mean(0) for label in range(CLASSES)])
    assert np.abs(means[:, None] - means[None]).max() > 1


def test_data_without_labels_has_no_classes():
    data = synthetic_data(labelled=False)
    assert data.labels("train") is None
    assert data.shape.classes == 0


def test_it_is_the_same_in_every_process():
    code = "from genharness.testing.synthetic import synthetic_data; print(synthetic_data(8, 3).content_hash)"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == synthetic_data(8, 3).content_hash


def test_a_private_home_is_gone_afterwards():
    before = os.environ["GENHARNESS_HOME"]
    with private_home():
        inside = os.environ["GENHARNESS_HOME"]
        assert inside != before
        assert Path(inside).is_dir()
    assert os.environ["GENHARNESS_HOME"] == before
    assert not Path(inside).exists()
