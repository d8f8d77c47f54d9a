"""HDF5 files: arrays of images and rows, and what lies elsewhere or would be unpickled."""

import contextlib

import h5py
import numpy as np
import pytest

from genharness import DataError
from genharness.images.stored.hdf5 import open_hdf5

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 256, (9, 4, 5, 3)).astype(np.uint8)
LABELS = np.arange(9) % 3


def hdf5(path, arrays, **options):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, **options)
    return path


def read(path, samples="", label="", split=""):
    stored = open_hdf5(path, samples, label)[split]
    pieces = list(stored.pieces())
    labels = None if pieces[0].labels is None else np.concatenate([piece.labels for piece in pieces])
    return np.concatenate([piece.samples for piece in pieces]), labels


@pytest.mark.parametrize("asked", [("", ""), ("images", ""), ("images", "labels")])
@pytest.mark.parametrize("options", [{}, {"chunks": True, "compression": "gzip"}], ids=["plain", "gzip"])
def test_images_and_labels_are_found_or_named(tmp_path, asked, options):
    path = hdf5(tmp_path / "a.h5", {"images": IMAGES, "labels": LABELS, "ages": LABELS}, **options)
    images, labels = read(path, *asked)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


def test_groups_may_be_splits(tmp_path):
    path = hdf5(tmp_path / "a.h5", {"train/x": IMAGES, "train/y": LABELS, "test/x": IMAGES[:3], "test/y": LABELS[:3]})
    assert set(open_hdf5(path)) == {"train", "test"}
    np.testing.assert_array_equal(read(path, split="test")[1], LABELS[:3])
    np.testing.assert_array_equal(read(path, "train.x")[1], LABELS)


@pytest.mark.parametrize(
    ("labels", "plain"),
    [
        (LABELS[:, None], LABELS),
        (np.eye(3)[LABELS], LABELS),
        (np.array([b"cat", b"dog", b"ant"])[LABELS], np.array(["cat", "dog", "ant"])[LABELS]),
    ],
    ids=["column", "one-hot", "words"],
)
def test_labels_may_be_a_column_one_hot_or_words(tmp_path, labels, plain):
    np.testing.assert_array_equal(read(hdf5(tmp_path / "a.h5", {"images": IMAGES, "labels": labels}))[1], plain)


def linked(path, link):
    with h5py.File(path, "w") as file:
        file["images"] = link


def external(path, _):
    with h5py.File(path, "w") as file:
        file.create_dataset("images", (4, 4, 4), "u1", external=[(str(path.parent / "other"), 0, 64)])


def virtual(path, other):
    layout = h5py.VirtualLayout((9, 4, 5, 3), "u1")
    layout[:] = h5py.VirtualSource(other, "images", (9, 4, 5, 3))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("images", layout)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path, other: linked(path, h5py.ExternalLink(other, "images")), "is a link, which is never followed"),
        (lambda path, other: linked(path, h5py.SoftLink("/nowhere")), "is a link, which is never followed"),
        (external, "stored in other files"),
        (virtual, "stored in other files"),
    ],
    ids=["external link", "soft link", "external storage", "virtual"],
)
def test_what_lies_elsewhere_is_never_opened(tmp_path, make, reason):
    other = hdf5(tmp_path / "other.h5", {"images": IMAGES})
    (tmp_path / "other").write_bytes(bytes(64))
    make(tmp_path / "a.h5", str(other))
    with pytest.raises(DataError, match=reason):
        read(tmp_path / "a.h5")


def odd(path):
    """Write a file with arrays of every kind that is none of numbers beside one that is."""
    with h5py.File(path, "w") as file:
        file["images"], file["fewer"], file["none"] = IMAGES, LABELS[:5], IMAGES[:0]
        file["words"] = ["cat", "dög", "cow"] * 3
        file["one"], file["complex"] = 3.0, LABELS.astype(complex)
        file.create_dataset("ragged", (9,), h5py.vlen_dtype(np.uint8))
        file["soft"] = h5py.SoftLink("/nowhere")
    return path


def test_words_of_any_length_are_labels(tmp_path):
    images, labels = read(odd(tmp_path / "a.h5"), "images", "words")
    assert len(images) == 9
    assert list(labels) == ["cat", "dög", "cow"] * 3
    with pytest.raises(DataError, match="words holds words: name an array of numbers"):
        read(tmp_path / "a.h5", "words")


@pytest.mark.parametrize(
    ("samples", "label", "reason"),
    [
        ("one", "", "one is a single value: save an array of samples"),
        ("complex", "", "complex is of complex128, and neither numbers nor words"),
        ("ragged", "", "ragged is of values of any length, and neither numbers nor words"),
        ("soft", "", "soft is a link, which is never followed"),
        ("images", "soft", "soft is a link, which is never followed"),
        ("none", "", "none holds no samples"),
        (
            "images",
            "fewer",
            "fewer has shape .5,. for the 9 samples of images: name their labels, h5:PATH#images,label=",
        ),
        ("mask", "", "has no array mask: it has fewer, images, none, words"),
    ],
)
def test_an_array_that_cannot_be_used_is_said_to_be_what_it_is(tmp_path, samples, label, reason):
    with pytest.raises(DataError, match=reason):
        read(odd(tmp_path / "a.h5"), samples, label)


def test_a_link_that_nobody_asked_for_is_passed_over_and_told(tmp_path):
    (stored,) = open_hdf5(odd(tmp_path / "a.h5"), "images").values()
    assert "not followed, as links never are: soft" in stored.notes


def test_a_bomb_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("images", (10**7, 64, 64), "u1", chunks=(1, 64, 64))
    with pytest.raises(DataError, match="out of all proportion"):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("arrays", "asked", "reason"),
    [
        ({"images": IMAGES, "labels": LABELS[:4]}, ("images", "labels"), r"labels has shape \(4,\) for the 9 samples"),
        ({"images": IMAGES}, ("pixels", ""), "has no array pixels: it has images"),
        ({"images": IMAGES}, ("images", "kind"), "has no array kind"),
    ],
)
def test_what_makes_no_sense_is_one_line(tmp_path, arrays, asked, reason):
    with pytest.raises(DataError, match=reason):
        read(hdf5(tmp_path / "a.h5", arrays), *asked)


def test_truncated_and_damaged_files_are_one_line(tmp_path):
    path = hdf5(tmp_path / "a.h5", {"images": IMAGES, "labels": LABELS}, chunks=True, compression="gzip")
    content = path.read_bytes()
    for cut in (0, 7, 100, len(content) // 2):
        path.write_bytes(content[:cut])
        with pytest.raises(DataError):
            read(path)
    random = np.random.RandomState(0)
    for _ in range(40):
        damaged = bytearray(content)
        for place in random.randint(0, len(content), 8):
            damaged[place] = random.randint(256)
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(DataError):  # one that is not seen must not raise anything else
            read(path)


@pytest.mark.parametrize(("label", "unused"), [("", "ids, samples"), ("ids", "samples")])
def test_other_arrays_that_are_not_used_are_named(tmp_path, label, unused):
    path = hdf5(tmp_path / "a.h5", {"images": IMAGES, "samples": IMAGES, "ids": LABELS})
    assert f"not used: {unused} (an array of labels is called labels)" in open_hdf5(path, "", label)[""].notes
