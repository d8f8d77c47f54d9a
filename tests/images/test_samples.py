"""Sets of samples that anybody made: read whole, with what was assumed, or refused by name."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from genharness import DataError
from genharness.images import read_images
from packed import as_folder, as_zip, encoded

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 256, (5, 3, 6, 6)).astype(np.uint8)
HWC = IMAGES.transpose(0, 2, 3, 1)


PICTURES = {f"{i}.png": encoded(HWC[i]) for i in range(5)}


def test_folder_zip_npz_and_npy_give_the_same(tmp_path):
    np.savez(tmp_path / "a.npz", images=HWC)
    np.save(tmp_path / "a.npy", IMAGES)
    paths = [
        as_folder(PICTURES, tmp_path / "folder"),
        as_zip(PICTURES, tmp_path / "a.zip"),
        tmp_path / "a.npz",
        tmp_path / "a.npy",
    ]
    for path in paths:
        found = read_images(path)
        np.testing.assert_array_equal(found.samples, IMAGES)
        assert (found.labels, found.touched, found.notes) == (None, {}, ())
        assert found.samples.flags.c_contiguous


def test_class_folders_give_labels(tmp_path):
    found = read_images(as_folder({"dog/0.png": PICTURES["0.png"], "cat/1.png": PICTURES["1.png"]}, tmp_path))
    assert found.class_names == ("cat", "dog")
    assert found.labels.tolist() == [0, 1]
    np.testing.assert_array_equal(found.samples, IMAGES[[1, 0]])


def test_grey_pictures_keep_one_channel(tmp_path):
    assert read_images(as_folder({"a.png": encoded(HWC[0, :, :, 0])}, tmp_path)).samples.shape == (1, 1, 6, 6)


def test_a_grey_picture_among_colours_is_converted_and_counted(tmp_path):
    files = {**PICTURES, "9.png": encoded(HWC[0, :, :, 0])}
    found = read_images(as_folder(files, tmp_path))
    assert found.samples.shape == (6, 3, 6, 6)
    assert found.touched == {"converted": 1}
    assert (found.samples[5, 0] == found.samples[5, 2]).all()


def test_mixed_sizes_are_refused_unless_a_size_is_asked_for(tmp_path):
    other = {"wide.png": encoded(np.zeros((6, 9, 3), np.uint8)), "big.png": encoded(np.zeros((12, 12, 3), np.uint8))}
    as_folder({**PICTURES, **other}, tmp_path)
    with pytest.raises(DataError, match=r"mixed sizes, 6x6 \(0\.png\) to 12x12 \(big\.png\)"):
        read_images(tmp_path)
    found = read_images(tmp_path, size=6)
    assert found.samples.shape == (7, 3, 6, 6)
    assert found.touched == {"resized": 1, "cropped": 1}


def test_every_bad_file_is_named_with_its_reason(tmp_path):
    files = {**PICTURES, "cut.png": PICTURES["0.png"][:60], "empty.jpg": b"", "text.png": b"hello"}
    with pytest.raises(DataError, match=r"3 of 8 .*cut\.png \(.*empty\.jpg \(it is empty\); text\.png \(it is no pi"):
        read_images(as_folder(files, tmp_path / "a"))
    del files["empty.jpg"], files["text.png"]
    with pytest.raises(DataError, match=r"1 of 6 .*cut\.png \("):
        read_images(as_folder(files, tmp_path / "b"))


def odd_pictures():
    """Return pictures that are taken, but not as they are, by name, and what is counted of each."""
    first, second = (Image.fromarray(HWC[place]) for place in (0, 1))
    return {
        "moving.gif": encoded(first.convert("L"), "GIF", save_all=True, append_images=[second.convert("L")]),
        "print.jpg": encoded(first.convert("CMYK"), "JPEG"),
        "few.png": encoded(first.convert("P"), "PNG"),
        "deep.png": encoded(Image.fromarray(HWC[0, :, :, 0].astype(np.uint16) * 257), "PNG"),
        "glass.png": encoded(first.convert("RGBA"), "PNG"),
        "ink.png": encoded(first.convert("1"), "PNG"),
    }


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_what_is_converted_is_named_by_kind_and_counted(tmp_path, form):
    files = {**PICTURES, **odd_pictures(), "notes.txt": b"no picture"}
    path = as_folder(files, tmp_path / "a") if form == "folder" else as_zip(files, tmp_path / "a.zip")
    found = read_images(path)
    assert len(found.samples) == len(PICTURES) + 6
    notes = "\n".join(found.notes)
    for name in (*odd_pictures(), "notes.txt"):
        assert name in notes
    assert not any(name in notes for name in PICTURES)
    kinds = {"animation": 1, "cmyk": 1, "palette": 2, "16_bit": 1, "transparency": 1, "black_and_white": 1}
    counts = {f"converted_{kind}": count for kind, count in kinds.items()}  # a GIF has a palette
    assert found.touched == {"converted": 6, "left_out": 1, **counts}


def test_what_is_converted_in_shards_is_named_and_counted_likewise(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as shard:
        for name, content in {**PICTURES, **odd_pictures()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            shard.addfile(member, io.BytesIO(content))
    found, folder = (
        read_images(tmp_path / "a.tar"),
        read_images(as_folder({**PICTURES, **odd_pictures()}, tmp_path / "a")),
    )
    assert found.touched == folder.touched
    assert "animation, of which the first frame was taken: 1 picture" in found.notes
    assert "palette resolved: 2 pictures" in found.notes


def test_many_names_are_cut_and_their_number_said(tmp_path):
    files = {f"{place:02}.png": encoded(Image.fromarray(HWC[0]).convert("P"), "PNG") for place in range(25)}
    found = read_images(as_folder(files, tmp_path))
    assert found.touched["converted_palette"] == 25
    assert any("09.png and 15 more" in note for note in found.notes)


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    as_folder(PICTURES, tmp_path)
    (tmp_path / "broken.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(DataError, match=r"broken\.png \(No such file"):
        read_images(tmp_path)


def test_linked_folders_are_followed_once(tmp_path):
    as_folder(PICTURES, tmp_path / "real" / "cat")
    as_folder(PICTURES, tmp_path / "set" / "dog")
    (tmp_path / "set" / "cat").symlink_to(tmp_path / "real" / "cat")
    (tmp_path / "set" / "dog" / "loop").symlink_to(tmp_path / "set")
    assert len(read_images(tmp_path / "set").samples) == 10


def test_hostile_zips_are_refused(tmp_path):
    with pytest.raises(DataError, match="leaves the folder"):
        read_images(as_zip({"../../evil.png": PICTURES["0.png"]}, tmp_path / "a.zip"))


@pytest.mark.parametrize(
    ("array", "note"),
    [
        (HWC, ""),
        (IMAGES.astype(np.int64), "int64 taken"),
        (IMAGES.astype(np.float32), "taken as 0"),
        (IMAGES.astype(np.float32) / 255, r"\[0, 1\] scaled"),
        (HWC.astype(np.float64) / 127.5 - 1, r"\[-1, 1\] scaled"),
        (IMAGES.astype(np.float16) / np.float16(127.5) - 1, r"\[-1, 1\] scaled"),
    ],
)
def test_layouts_and_ranges(tmp_path, array, note):
    import re

    np.save(tmp_path / "a.npy", array)
    found = read_images(tmp_path / "a.npy")
    assert np.abs(found.samples.astype(int) - IMAGES).max() <= (1 if array.dtype == np.float16 else 0)
    assert re.search(note, "; ".join(found.notes))
    assert found.touched == ({"converted": 5} if note else {})


def test_grey_arrays_without_a_channel_axis(tmp_path):
    np.save(tmp_path / "a.npy", IMAGES[:, 0])
    np.testing.assert_array_equal(read_images(tmp_path / "a.npy").samples, IMAGES[:, :1])


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((0, 3, 6, 6), np.uint8), "has shape"),
        (np.zeros((4, 4), np.uint8), "has shape"),
        (np.zeros((4, 4, 6, 6), np.uint8), "neither axis"),
        (np.zeros((4, 3, 6, 3), np.uint8), "cannot be told"),
        (np.full((4, 3, 6, 6), 300), "0 to 255"),
        (np.full((4, 3, 6, 6), -1), "0 to 255"),
        (np.full((4, 3, 6, 6), -5.0), r"use \[0, 1\]"),
        (np.full((4, 3, 6, 6), np.nan), "NaN"),
        (np.full((4, 3, 6, 6), "x"), "must be numbers"),
    ],
)
def test_unusable_arrays_are_refused(tmp_path, array, reason):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataError, match=rf"a\.npy.*{reason}"):
        read_images(tmp_path / "a.npy")


def test_common_names_of_arrays_are_known(tmp_path):
    np.savez(tmp_path / "a.npz", arr_0=HWC, arr_1=np.arange(5))
    found = read_images(tmp_path / "a.npz")
    assert found.labels.tolist() == [0, 1, 2, 3, 4]


def test_unknown_names_of_arrays_are_listed(tmp_path):
    np.savez(tmp_path / "a.npz", pictures=HWC, extra=HWC)
    with pytest.raises(DataError, match="no array called images"):
        read_images(tmp_path / "a.npz")


def test_labels_of_another_length_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", images=HWC, labels=np.arange(4))
    with pytest.raises(DataError, match=r"labels has shape \(4,\) for 5 images"):
        read_images(tmp_path / "a.npz")


class Attack:
    def __reduce__(self):
        return (open, ("/tmp/genharness-was-here", "w"))


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_pickles_are_never_run(tmp_path, suffix, monkeypatch):
    import builtins

    evil = np.array([Attack()], dtype=object)
    path = tmp_path / f"evil.{suffix}"
    np.save(path, evil, allow_pickle=True) if suffix == "npy" else np.savez(path, images=evil)
    real_open = builtins.open

    def watched(file, *args, **options):
        assert "genharness-was-here" not in str(file)
        return real_open(file, *args, **options)

    monkeypatch.setattr(builtins, "open", watched)
    with pytest.raises(DataError, match=r"evil\..*(pickle|Python objects)"):
        read_images(path)


def test_truncated_arrays_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", IMAGES)
    np.savez_compressed(tmp_path / "a.npz", images=IMAGES)
    for name in ("a.npy", "a.npz"):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(DataError, match=rf"{name}.*damaged"):
            read_images(path)


def test_bombs_are_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", images=np.zeros((100, 1024, 1024), np.uint8))
    with pytest.raises(DataError, match="proportion"):
        read_images(tmp_path / "a.npz")


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.txt").touch()
    with pytest.raises(DataError, match="give one of these"):
        read_images(tmp_path / "a.txt")
    with pytest.raises(DataError, match="does not exist"):
        read_images(tmp_path / "b.npz")
