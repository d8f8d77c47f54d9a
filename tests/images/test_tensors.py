"""Arrays that anybody may have saved: their range and layout told, or refused with what to do; damage named."""

from __future__ import annotations

import errno
import re
import zipfile

import numpy as np
import pytest

from genharness import DataError
from genharness.images import as_labels, as_uint8, load_npy, load_npz
from genharness.images.tensors import named_labels

IMAGES = np.random.RandomState(0).randint(0, 256, (5, 1, 6, 7)).astype(np.uint8)
IMAGES[0, 0, 0, :2] = 0, 255


def with_value(array, value):
    changed = array.copy()
    changed[0, 0, 0, 0] = value
    return changed


UNIT = IMAGES / 255
SYMMETRIC = IMAGES / 127.5 - 1


@pytest.mark.parametrize(
    ("array", "note"),
    [
        (with_value(UNIT, -1e-7), r"\[0, 1\] scaled, those from -1e-07 to 1 clipped"),
        (UNIT * 1.0005, r"\[0, 1\] scaled, those from 0 to 1.0005 clipped"),
        (with_value(SYMMETRIC, -1.0005), r"\[-1, 1\] scaled, those from -1.0005 to 1 clipped"),
        (with_value(IMAGES.astype(float), -1e-4), r"taken as 0 … 255, those from -0.0001 to 255 clipped"),
        (UNIT, r"\[0, 1\] scaled$"),
        (SYMMETRIC, r"\[-1, 1\] scaled$"),
    ],
)
def test_values_a_hair_outside_a_range_do_not_change_which_it_is(array, note):
    images, said = as_uint8(array, "a.npy")
    assert np.abs(images.astype(int) - IMAGES).max() <= 1
    assert re.search(note, said)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (with_value(UNIT, -0.12), "whether -1 or 0 is black cannot be told: save uint8"),
        (UNIT - 0.5, "whether -1 or 0 is black cannot be told"),
        (with_value(UNIT, 1.12), "whether they end at 1 or at 255 cannot be told"),
        (UNIT * 16, "whether they end at 1 or at 255 cannot be told"),
        (UNIT * 1.24 - 0.12, "use .0, 1., .* clipped to it"),
        ((IMAGES > 99).astype(np.uint8), "only 0 and 1 as uint8: whether 1 is white cannot be told"),
        ((IMAGES > 99).astype(np.int64), "only 0 and 1 as int64: whether 1 is white cannot be told"),
    ],
)
def test_a_range_that_cannot_be_told_is_refused(array, reason):
    with pytest.raises(DataError, match=rf"a\.npy holds .*{reason}"):
        as_uint8(array, "a.npy")


@pytest.mark.parametrize(
    "array",
    [
        np.concatenate([IMAGES / 255, IMAGES.astype(float)]),
        np.concatenate([IMAGES.astype(np.float32), IMAGES[:1] / np.float32(255)]),
        np.concatenate([IMAGES, (IMAGES > 99).astype(np.uint8)]),
        np.concatenate([IMAGES, (IMAGES > 99).astype(np.uint8)]).astype(np.int64),
    ],
)
def test_two_ranges_in_one_array_are_refused(array):
    with pytest.raises(DataError, match="two ranges in one array"):
        as_uint8(array, "a.npy")


@pytest.mark.parametrize("kind", [np.uint8, np.float64])
def test_an_image_that_is_black_but_for_a_one_is_no_second_range(kind):
    images = IMAGES.copy()
    images[3] = 0
    images[3, 0, 2, 2] = 1
    np.testing.assert_array_equal(as_uint8(images.astype(kind), "a.npy")[0], images)


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32])
def test_black_images_are_images(kind):
    assert not as_uint8(np.zeros((3, 1, 6, 6), kind), "a.npy")[0].any()


@pytest.mark.parametrize(
    ("shape", "advice"),
    [
        ((8, 8, 3), r"it may be one picture: save one as \(1, h, w, 3\), grey ones as \(n, h, w, 1\)"),
        ((8, 9, 4), "it may be one picture"),
        ((3, 8, 8), "it may be one picture"),
        ((150, 8, 1, 1), r"one column or row is no image: .* features as \(n, d\)"),
        ((150, 3, 1, 1), "one column or row is no image"),
        ((150, 1, 1, 64), "one column or row is no image"),
        ((150, 64, 1), "one column or row is no image"),
        ((150,), r"features as \(n, d\)"),
        ((0, 1, 8, 8), r"save images as \(n, h, w\)"),
        ((9, 8, 8, 4), "neither axis 1 nor 3 has 1 or 3 channels: leave alpha out; save images as"),
        ((9, 4, 8, 8), "leave alpha out"),
        ((9, 2, 8, 8), r"channels: save images as \(n, h, w\), .* with 1 or 3 channels, features as \(n, d\)"),
        ((9, 1, 3, 3), r"cannot be told: save grey images as \(n, h, w\), colours as a folder of pictures"),
    ],
)
def test_a_layout_that_is_none_or_cannot_be_told_is_refused_with_what_to_do(shape, advice):
    with pytest.raises(DataError, match=advice):
        as_uint8(np.full(shape, 7, np.uint8), "a.npy")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((9, 8, 8), (9, 1, 8, 8)),
        ((9, 3, 3), (9, 1, 3, 3)),
        ((9, 8, 3, 1), (9, 1, 8, 3)),
        ((1, 8, 8, 3), (1, 3, 8, 8)),
        ((1, 8, 8), (1, 1, 8, 8)),
    ],
)
def test_what_the_refusals_ask_for_is_taken(shape, expected):
    assert as_uint8(np.full(shape, 7, np.uint8), "a.npy")[0].shape == expected


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array([0.0, np.inf]), "entry 2 is inf"),
        (np.array([0.0, np.nan]), "entry 2 is nan"),
        (np.array([0.0, 1e300]), "entry 2 is 1e.300"),
        (np.array([0, 2**63 + 5], np.uint64), "entry 2 is 9223372036854775813"),
        (np.array([0, 2**40]), "entry 2 is 1099511627776"),
        (np.array([0, -1]), "entry 2 is -1"),
        (np.array([0, 0.5]), "entry 2 is 0.5"),
        (np.array(["0", "1"]), "holds <U1"),
        (np.array([b"0", b"1"]), "holds |S1"),
        (np.array([["0", "1"], ["1", "0"]]), "holds <U1"),
        (np.zeros(2, [("a", int)]), "holds "),
        (np.array([0j, 1]), "holds complex128"),
    ],
)
def test_labels_that_are_no_classes_are_refused_by_entry_or_type(array, reason):
    with pytest.raises(DataError, match=rf"y\.npy.*{reason}.*whole numbers from 0"):
        as_labels(array, 2, "y.npy")


@pytest.mark.parametrize("shape", [(0, 0), (2, 0), (0, 2), (0, 1), (0,)])
def test_labels_of_nothing_are_refused_by_their_shape(shape):
    with pytest.raises(DataError, match=r"has shape .* for 2 images"):
        as_labels(np.zeros(shape), 2, "y.npy")


@pytest.mark.parametrize(
    "array",
    [np.array([0, 2]), np.array([[0.0], [2.0]]), np.array([[1, 0, 0], [0, 0, 1]]), np.eye(3, dtype=bool)[[0, 2]]],
)
def test_labels_of_every_form_are_taken(array):
    labels = as_labels(array, 2, "y.npy")
    assert (labels.tolist(), labels.dtype) == ([0, 2], np.int64)


def header(text):
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("latin1") + bytes(64)


HEADERS = {
    "long": b"\x93NUMPY\x01\x00\x40\x40" + bytes(20_000),
    "unclosed": header("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 8, 8"),
    "indented": header("  x\n {"),
    "no-type": header("{'descr': 5, 'fortran_order': False, 'shape': (1, 1, 8, 8), }"),
    "text-shape": header("{'descr': '|u1', 'fortran_order': False, 'shape': ('a',), }"),
    "negative": header("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 8), }"),
    "beyond-c": header("{'descr': '|u1', 'fortran_order': False, 'shape': (" + "9" * 25 + ",), }"),
    "huge": header("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 1, 8, 8), }"),
    "bytes": header("\x00\xff'"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_damaged_header_is_named_in_one_line(tmp_path, name):
    (tmp_path / "a.npy").write_bytes(HEADERS[name])
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("images.npy", HEADERS[name])
    for load, path in ((load_npy, tmp_path / "a.npy"), (load_npz, tmp_path / "a.npz")):
        with pytest.raises(DataError, match=rf"{path.name} (is damaged|claims more than it holds)") as caught:
            load(path)
        assert "\n" not in str(caught.value)
        assert "pickle" not in str(caught.value)


@pytest.mark.parametrize("name", ["npy", "npz"])
def test_a_header_that_claims_more_than_the_file_is_told(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("images.npy", HEADERS["huge"])
    (tmp_path / "a.npy").write_bytes(HEADERS["huge"])
    with pytest.raises(DataError, match=r"claims more than it holds|greater than file size"):
        {"npy": load_npy, "npz": load_npz}[name](tmp_path / f"a.{name}")


def packed(path, how):
    """Save a .npz whose member begins about 70 bytes into the file."""
    content = IMAGES.repeat(20, axis=0)
    np.save(path.with_suffix(".npy"), content)
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.write(path.with_suffix(".npy"), "images.npy")
    return path.read_bytes()


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("damage", ["overwritten", "missing-inside", "missing-start", "missing-end"])
def test_a_damaged_npz_is_named_in_one_line(tmp_path, how, damage):
    content = packed(tmp_path / "a.npz", how)
    broken = {
        "overwritten": content[:100] + b"\xff" * 200 + content[300:],
        "missing-inside": content[:100] + content[300:],
        "missing-start": content[200:],
        "missing-end": content[:-40],
    }[damage]
    (tmp_path / "a.npz").write_bytes(broken)
    with pytest.raises(DataError, match=r"a\.npz.* damaged") as caught:
        load_npz(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)
    assert "gz" not in str(caught.value)


@pytest.mark.parametrize("load", [load_npy, load_npz])
def test_a_file_without_permission_is_not_called_damaged(tmp_path, load, monkeypatch):
    def refused(*_arguments, **_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    path = tmp_path / f"a.{load.__name__.removeprefix('load_')}"
    path.touch()
    monkeypatch.setattr("pathlib.Path.open", refused)
    with pytest.raises(DataError, match=rf"{path.name} cannot be read \(Permission denied\): check its permissions"):
        load(path)


def test_a_file_is_not_blamed_for_the_machine(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", np.zeros((3, 2)))

    def refuse(*_, **__):
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(np, "load", refuse)
    with pytest.raises(DataError, match=r"a\.npy cannot be read \(Cannot allocate memory\)"):
        load_npy(tmp_path / "a.npy")


def test_a_zip_of_pictures_with_the_name_of_an_npz_says_what_to_do(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("a\nb.png", b"\x89PNG")
    with pytest.raises(DataError, match=r"'a\\nb\.png' is no array: .* name a zip of pictures \.zip"):
        load_npz(tmp_path / "x.npz")


@pytest.mark.parametrize("kind", ["U", "S"])
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_labels_may_be_words_which_name_the_classes(kind, shape):
    labels, names = named_labels(np.array(["dog", "cat", "dog", "emu"]).astype(kind).reshape(shape), 4, "a")
    assert (labels.tolist(), names) == ([1, 0, 1, 2], ("cat", "dog", "emu"))
    assert named_labels(np.array([1, 0]), 2, "a")[1] == ()


@pytest.mark.parametrize("kind", ["i8", "f4"])
def test_minus_one_and_one_are_two_classes(kind):
    labels, names = named_labels(np.array([[-1], [1], [1]], kind), 3, "labels")
    assert (labels.tolist(), names) == ([0, 1, 1], ("-1", "1"))
    for other in ([-1, 0, 1], [-1, -1]):
        with pytest.raises(DataError, match="whole numbers from 0"):
            named_labels(np.array(other, kind), len(other), "labels")


def test_words_that_are_no_utf8_stay_different_classes():
    labels, names = named_labels(np.array([b"\xff", b"\xfe", b"\xff"]), 3, "labels")
    assert labels.tolist() == [1, 0, 1]
    assert names == ("\\xfe", "\\xff")


@pytest.mark.parametrize("words", [["a", "", "b"], [b"a", b"", b"b"]])
def test_an_empty_word_is_no_class(words):
    with pytest.raises(DataError, match="labels: entry 2 is an empty word: label all, or none"):
        named_labels(np.array(words), 3, "labels")
