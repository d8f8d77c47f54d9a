"""Samples as files."""

import numpy as np
import pytest
from PIL import Image

from genharness.cells import write
from genharness.cells.draw import Drawn
from genharness.cells.write import refuse_existing, write_samples
from genharness.errors import ConfigError, RunError

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 3, 4, 4), dtype=np.uint8)
LABELS = np.arange(12) % 2


def drawn(samples=IMAGES, labels=None, names=(), modality="image"):
    return Drawn(samples, labels, names, modality)


def test_arrays_keep_samples_and_labels(tmp_path):
    write_samples(drawn(labels=LABELS), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as kept:
        assert np.array_equal(kept["images"], IMAGES)
        assert np.array_equal(kept["labels"], LABELS)


def test_rows_of_a_table_are_called_rows_and_never_become_pictures(tmp_path):
    rows = drawn(np.ones((3, 2), np.float32), modality="tabular")
    write_samples(rows, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as kept:
        assert kept.files == ["rows"]
    with pytest.raises(ConfigError, match="rows of a table are no pictures"):
        write_samples(rows, tmp_path / "folder")


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_the_samples_in_order(tmp_path, channels):
    write_samples(drawn(IMAGES[:, :channels]), tmp_path / "out")
    paths = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in paths] == [f"{place:02d}.png" for place in range(12)]
    for place, path in enumerate(paths):
        with Image.open(path) as picture:
            pixels = np.asarray(picture)
        expected = IMAGES[place, 0] if channels == 1 else IMAGES[place].transpose(1, 2, 0)
        assert np.array_equal(pixels, expected)


def test_every_class_has_a_folder(tmp_path):
    write_samples(drawn(labels=LABELS, names=("cat", "dog")), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0-cat", "1-dog"]
    assert len(list((tmp_path / "out" / "1-dog").iterdir())) == 6


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write.np, "savez", full)
    with pytest.raises(RunError, match=r"cannot write .* \(No space left on device\)"):
        write_samples(drawn(), tmp_path / "a.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "force", "message"),
    [
        (lambda out: None, False, ""),
        (lambda out: out.mkdir(), False, ""),
        (lambda out: out.mkdir() or (out / "1.png").touch(), False, "exists: name another --out"),
        (lambda out: out.mkdir() or (out / "1.png").touch(), True, ""),
        (lambda out: out.mkdir() or (out / "thesis.tex").touch(), True, r"holds other files, such as thesis\.tex"),
        (lambda out: out.touch(), True, "is a file: name another --out"),
    ],
)
def test_nothing_of_the_users_is_written_over(tmp_path, make, force, message):
    out = tmp_path / "out"
    make(out)
    if not message:
        refuse_existing(out, force=force)
        return
    with pytest.raises(ConfigError, match=message):
        refuse_existing(out, force=force)
