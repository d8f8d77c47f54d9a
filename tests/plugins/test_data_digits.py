"""The bundled digits."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from genharness.data import ensure_prepared
from genharness_data_digits import genharness_datasets

(DIGITS,) = genharness_datasets()


def test_every_digit_is_in_one_split_scaled_to_255():
    data = ensure_prepared(DIGITS, "digits")
    source = load_digits()
    scaled = np.rint(source.images * 255 / 16).astype(np.uint8).reshape(-1, 64).tolist()
    expected = sorted(zip(scaled, source.target, strict=True))
    got = [
        (image, label)
        for split in data.splits
        for image, label in zip(data.samples(split).reshape(-1, 64).tolist(), data.labels(split), strict=True)
    ]
    assert sorted(got) == expected
    assert data.samples("train").max() == 255


def test_the_spec_tells_the_truth():
    data = ensure_prepared(DIGITS, "digits")
    assert (data.meta.shape, dict(data.meta.counts), data.class_names) == (
        DIGITS.shape,
        dict(DIGITS.counts),
        DIGITS.class_names,
    )


def test_splits_are_stratified_and_stated():
    data = ensure_prepared(DIGITS, "digits")
    train, test = data.class_counts("train"), data.class_counts("test")
    assert all(abs(test[name] / (test[name] + train[name]) - 0.3) < 0.01 for name in data.class_names)
    assert any("70 % train" in note for note in data.meta.notes)
