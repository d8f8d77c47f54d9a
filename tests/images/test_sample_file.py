"""A set of samples in memory."""

import dataclasses
import hashlib

import numpy as np
import pytest

from genharness.images import SampleFile
from genharness.spec.plugins import DataShape

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 8, 10), dtype=np.uint8)
FOUND = SampleFile("a.npz", IMAGES, touched={"resized": 2, "converted": 4}, widened=1, notes=("read",))


def test_two_axes_are_rows_and_four_are_images():
    assert FOUND.shape == DataShape("image", (3, 8, 10), 0, 5)
    assert SampleFile("a", np.zeros((4, 7))).shape == DataShape("tabular", (7,), 0, 4)


def test_the_digest_is_that_of_type_shape_and_values_and_is_taken_once():
    expected = hashlib.sha256(b"|u1 (5, 3, 8, 10) " + IMAGES.tobytes()).hexdigest()
    found = dataclasses.replace(FOUND, samples=IMAGES.copy())
    assert found.digest == expected
    found.samples[:] = 0
    assert found.digest == expected  # samples are never written to: a set that changes is another set


@pytest.mark.parametrize(
    ("size", "channels", "touched"),
    [
        (8, None, {"resized": 2, "converted": 4, "cropped": 5}),
        (4, None, {"resized": 5, "converted": 4, "cropped": 5}),
        (None, "grey", {"resized": 2, "converted": 4}),
    ],
)
def test_what_is_changed_is_counted_and_noted(size, channels, touched):
    changed = FOUND.conformed(size, channels)
    assert changed.touched == touched
    assert changed.notes[0] == "read"
    assert changed.notes[1].startswith(f"{FOUND.shape} became {changed.shape}")


def test_what_fits_is_the_same_set():
    assert FOUND.conformed(None, "rgb") is FOUND
