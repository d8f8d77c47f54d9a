"""Pictures of 0 and 1, which would count as black: refused as arrays of them are."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genharness import DataError
from genharness.data import ensure_prepared, parse_reference
from genharness.images import read_samples
from genharness.images.batches import decode_batches
from genharness.images.peaks import Peaks
from genharness.images.sources import open_source
from genharness.plugin.registry import load_registry
from packed import as_folder, as_tar, as_zip, encoded

RANDOM = np.random.default_rng(0)
MASKS = RANDOM.integers(0, 2, (12, 8, 8)).astype(np.uint8)
ONLY = "its pictures hold only 0 and 1: whether 1 is white cannot be told: multiply them by 255, or save them with 1"


def files_of(images):
    return {f"{place:02}.png": encoded(image) for place, image in enumerate(images)}


def every_form(images, folder):
    """Return the same pictures as folder, zip, tar and parquet, by the name of the dataset."""
    files = files_of(images)
    pq.write_table(pa.table({"image": list(files.values())}), folder / "a.parquet")
    return {
        "folder": as_folder(files, folder / "a"),
        "zip": as_zip(files, folder / "a.zip"),
        "tar": as_tar(files, folder / "a.tar", ""),
        "parquet": folder / "a.parquet",
    }


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (MASKS, ONLY),
        (np.concatenate([MASKS[:6], MASKS[6:] * 255]), r"6 of 12 none beyond 1 \(first (.*00\.png|row 0)\)"),
    ],
    ids=["all", "half"],
)
@pytest.mark.parametrize("size", [None, 4])
def test_pictures_of_0_and_1_are_refused_in_every_form(tmp_path, images, reason, size):
    for kind, path in every_form(images, tmp_path).items():
        with pytest.raises(DataError, match=reason):
            read_samples(path, size=size)
        reference = parse_reference(f"{kind}:{path}" + (f"@{size}" if size else ""))
        with pytest.raises(DataError, match=reason):
            ensure_prepared(load_registry().datasets.find(kind), reference)


def test_what_the_hint_says_helps(tmp_path):
    for name, images in {"255": MASKS * 255, "1bit": MASKS.astype(bool)}.items():
        np.testing.assert_array_equal(
            read_samples(as_folder(files_of(images), tmp_path / name)).samples[:, 0], MASKS * 255
        )


def test_black_pictures_and_a_single_dark_one_are_none_of_these(tmp_path):
    images = np.concatenate([MASKS[:1], np.zeros_like(MASKS[:4]), MASKS[1:] * 255])
    np.testing.assert_array_equal(read_samples(as_folder(files_of(images), tmp_path / "a")).samples[:, 0], images)
    assert not read_samples(as_folder(files_of(images[1:5]), tmp_path / "b")).samples.any()


def test_pictures_of_16_bits_are_told_by_their_own_white(tmp_path):
    deep = {f"{place}.png": encoded(image.astype(np.uint16) * 200 + 1) for place, image in enumerate(MASKS)}
    with open_source(as_folder(deep, tmp_path)) as source:
        (batch,) = decode_batches(source, source.names, (1, 8, 8))
    assert batch.images.max() == 1
    assert batch.peaks == Peaks(count=12, high=255)
