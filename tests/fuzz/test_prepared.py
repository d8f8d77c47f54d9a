"""Prepared data that was changed by hand or by a disk: opened as it was, or refused with the command that mends it."""

import shutil

import numpy as np
import pytest

from fuzzing import INPUTS, campaign, damaged, refusable
from genharness.data.meta import DatasetMeta, combined_hash, write_meta
from genharness.data.prepared import hash_array, open_folder
from genharness.data.seal import seal

RANDOM = np.random.default_rng(0)
SETS = {
    "image": {"images.npy": RANDOM.integers(0, 256, (6, 1, 4, 4)).astype(np.uint8), "labels.npy": np.arange(6) % 2},
    "tabular": {"rows.npy": RANDOM.normal(size=(6, 3)).astype(np.float32), "labels.npy": np.arange(6) % 2},
}
WORDS = [b'"image"', b'"tabular"', b'"train"', b'"test"', b"null", b"[]", b"{}", b"true", b"1.5", b"6", b"-6"]
WORDS += [b"<f4", b"|u1", b"<i8", b"|O", b"False", b"True", b'"files"', b'"checked_at"', b"NaN", b'"labels.npy"']


@pytest.fixture(params=SETS)
def prepared(request, tmp_path):
    """A sound folder of prepared data."""
    folder, names, arrays = tmp_path / "sound", {}, SETS[request.param]
    for split in ("train", "test"):
        (folder / split).mkdir(parents=True)
        for name, array in arrays.items():
            np.save(folder / split / name, array)
            names[f"{split}/{name}"] = hash_array(array, "", None)
    meta = DatasetMeta(
        name="toy",
        modality=request.param,
        shape=next(iter(arrays.values())).shape[1:],
        class_names=("a", "b"),
        counts={"train": 6, "test": 6},
        content_hash=combined_hash(names),
        arrays=names,
    )
    write_meta(folder, meta)
    seal(folder, names)
    return folder


@INPUTS
def test_a_file_of_prepared_data(prepared, tmp_path, inputs):
    files = [path.relative_to(prepared) for path in sorted(prepared.rglob("*")) if path.is_file()]
    sound = {file: (prepared / file).read_bytes() for file in files}
    place, count = tmp_path / "changed", iter(range(10**9))
    shutil.copytree(prepared, place)

    def check(content):
        file = files[next(count) % len(files)]
        (place / file).write_bytes(content)
        with refusable():
            data = open_folder(place, "toy")
            for split in data.splits:  # what opens has the values that were written
                assert np.array_equal(data.samples(split), np.load(prepared / split / arrays_of(data)))
                data.class_counts(split)
            assert data.shape
        (place / file).write_bytes(sound[file])

    campaign(inputs, damaged(list(sound.values()), WORDS), check, tmp_path)


def arrays_of(data):
    return "rows.npy" if data.shape.modality == "tabular" else "images.npy"
