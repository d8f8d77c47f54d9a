"""The user's own data: folder, zip and npz, anywhere a dataset name is taken."""

from __future__ import annotations

import io
import json
import os

import numpy as np
import pytest
from PIL import Image

from genharness import ConfigError, DataError, DatasetSpec
from genharness.data import ensure_prepared, resolve
from genharness_data_files import genharness_datasets
from packed import as_folder, as_zip, encoded

FOLDER, ZIP, NPZ, TAR, PARQUET, H5, CSV, ARRAY, HF = genharness_datasets()
RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 256, (20, 8, 8, 3)).astype(np.uint8)
LABELS = np.arange(20) % 2


def tree(prefix=""):
    return {f"{prefix}{('cat', 'dog')[i % 2]}/{i:02}.png": encoded(IMAGES[i]) for i in range(20)}


def test_class_folders_become_a_stratified_dataset(tmp_path):
    data = ensure_prepared(FOLDER, f"folder:{as_folder(tree(), tmp_path / 'pets')}")
    assert (data.class_names, data.meta.shape) == (("cat", "dog"), (3, 8, 8))
    assert dict(data.meta.counts) == {"train": 16, "test": 4}
    assert data.class_counts("test") == {"cat": 2, "dog": 2}
    assert data.meta.touched == {}
    expected = {image.transpose(2, 0, 1).tobytes(): label for image, label in zip(IMAGES, LABELS, strict=True)}
    for split in data.splits:
        for image, label in zip(data.samples(split), data.labels(split), strict=True):
            assert expected.pop(image.tobytes()) == label
    assert not expected


def test_a_zip_of_the_same_tree_is_the_same_data(tmp_path):
    folder = ensure_prepared(FOLDER, f"folder:{as_folder(tree(), tmp_path / 'pets')}")
    archive = ensure_prepared(ZIP, f"zip:{as_zip(tree('pets/'), tmp_path / 'pets.zip')}")
    assert archive.content_hash == folder.content_hash


def test_train_and_test_folders_are_respected(tmp_path):
    files = {**{f"train/{name}": content for name, content in tree().items()}}
    files["test/dog/20.png"] = encoded(IMAGES[0])
    data = ensure_prepared(FOLDER, f"folder:{as_folder(files, tmp_path)}")
    assert dict(data.meta.counts) == {"train": 20, "test": 1}
    assert data.labels("test").tolist() == [1]


def test_pictures_without_folders_have_no_labels(tmp_path):
    data = ensure_prepared(FOLDER, f"folder:{as_folder({f'{i}.png': encoded(IMAGES[i]) for i in range(10)}, tmp_path)}")
    assert data.labels("train") is None
    assert data.class_names == ()
    assert dict(data.meta.counts) == {"train": 8, "test": 2}


def mixed():
    """Pictures of every mode, of mixed sizes and formats."""
    grey = Image.fromarray(RANDOM.randint(0, 256, (40, 60)).astype(np.uint8))
    colour = Image.fromarray(RANDOM.randint(0, 256, (70, 50, 3)).astype(np.uint8))
    frames = [Image.fromarray(np.full((48, 48), value, np.uint8)) for value in (10, 200)]
    animation = io.BytesIO()
    frames[0].save(animation, "GIF", save_all=True, append_images=frames[1:])
    return {
        "a.png": encoded(grey),
        "b.jpg": encoded(colour, "JPEG"),
        "c.png": encoded(colour.convert("P")),
        "d.tif": encoded(colour.convert("CMYK"), "TIFF"),
        "e.png": encoded(colour.convert("RGBA")),
        "f.png": encoded(np.asarray(grey).astype(np.uint16) * 257),
        "g.gif": animation.getvalue(),
        "h.webp": encoded(colour, "WEBP"),
    }


def test_mixed_sizes_modes_and_formats_follow_the_policy_and_are_counted(tmp_path):
    data = ensure_prepared(FOLDER, f"folder:{as_folder(mixed(), tmp_path)}@crop")
    assert data.meta.shape == (3, 40, 40)
    assert data.meta.touched == {"resized": 6, "cropped": 7, "converted": 6}
    assert any("60x40 (a.png)" in note or "48x48 (g.gif)" in note for note in data.meta.notes)
    assert any("@SIZE" in note for note in data.meta.notes)
    assert {
        "animation, of which the first frame was taken: 1 picture",
        "CMYK converted to RGB: 1 picture",
        "palette resolved: 2 pictures",
        "transparency laid over white: 1 picture",
    } <= set(data.meta.notes)
    assert sum("16 bit brought to 8" in note for note in data.meta.notes) == 1


def test_a_size_asked_for_is_taken_straight_from_the_pictures(tmp_path):
    as_folder(mixed(), tmp_path)
    data = ensure_prepared(FOLDER, f"folder:{tmp_path}@32:grey")
    assert data.meta.shape == (1, 32, 32)
    picture = Image.open(tmp_path / "b.jpg").convert("L")
    expected = picture.resize((32, 32), Image.Resampling.BICUBIC, box=(0, 10, 50, 60))
    stored = np.concatenate([data.samples("train"), data.samples("test")])[:, 0]
    assert any(np.array_equal(image, np.asarray(expected)) for image in stored)


def test_large_squares_of_mixed_sizes_are_made_64(tmp_path):
    files = {f"{i}.png": encoded(np.zeros((100 + i, 100 + i, 3), np.uint8)) for i in range(4)}
    data = ensure_prepared(FOLDER, f"folder:{as_folder(files, tmp_path)}")
    assert (data.meta.shape, data.meta.touched) == ((3, 64, 64), {"resized": 4})


def test_pictures_of_mixed_shapes_are_never_cut_unasked(tmp_path):
    files = {f"{i}.png": encoded(np.full((100 + i, 120, 3), 255, np.uint8)) for i in range(4)}
    folder = as_folder(files, tmp_path)
    with pytest.raises(
        DataError, match=r"120x100 \(0\.png\).*say how they become some with --fit crop, pad or stretch"
    ):
        ensure_prepared(FOLDER, f"folder:{folder}")
    cropped, padded, stretched = (
        ensure_prepared(FOLDER, f"folder:{folder}@{fit}") for fit in ("crop", "pad", "stretch")
    )
    assert cropped.meta.shape == padded.meta.shape == stretched.meta.shape == (3, 64, 64)
    assert (cropped.meta.touched, padded.meta.touched) == ({"resized": 4, "cropped": 4}, {"resized": 4})
    assert (cropped.samples("train").min(), padded.samples("train").min()) == (255, 0)
    assert any("the rest black" in note for note in padded.meta.notes)
    assert len({one.content_hash for one in (cropped, padded)}) == len({one.name for one in (cropped, padded)}) == 2


def test_a_fit_that_changes_nothing_is_in_no_name(toy_spec):
    assert str(resolve(FOLDER, "folder:/x@64:crop")) == "folder:/x@64"
    assert str(resolve(FOLDER, "folder:/x@64", fit="pad")) == "folder:/x@64:pad"
    assert str(resolve(FOLDER, "folder:/x@stretch", fit="pad")) == "folder:/x@stretch"
    assert str(resolve(toy_spec((3, 8, 8)), "toy@64:pad")) == "toy@64"
    assert str(resolve(toy_spec((3, 8, 9)), "toy@64:pad")) == "toy@64:pad"
    assert str(resolve(toy_spec((3, 8, 9)), "toy", fit="pad")) == "toy"
    with pytest.raises(ConfigError, match="toy@pad names no size: write toy@64:pad"):
        resolve(toy_spec((3, 8, 9)), "toy@pad")


@pytest.fixture
def toy_spec():
    return lambda shape: DatasetSpec(name="toy", summary="toy", factory="a:b", shape=shape)


def test_pictures_of_one_size_keep_it_even_if_not_square(tmp_path):
    files = {f"{i}.png": encoded(np.zeros((10, 12), np.uint8)) for i in range(4)}
    data = ensure_prepared(FOLDER, f"folder:{as_folder(files, tmp_path)}")
    assert data.meta.shape == (1, 10, 12)
    assert data.meta.touched == {}


def test_one_bad_picture_refuses_all_and_is_named(tmp_path):
    files = {**tree(), "cat/bad.png": b"nonsense", "dog/cut.png": encoded(IMAGES[0])[:50]}
    as_folder(files, tmp_path)
    with pytest.raises(DataError, match=r"cat/bad\.png \(it is no picture"):
        ensure_prepared(FOLDER, f"folder:{tmp_path}")
    (tmp_path / "cat/bad.png").unlink()
    with pytest.raises(DataError, match=r"dog/cut\.png"):
        ensure_prepared(FOLDER, f"folder:{tmp_path}")
    (tmp_path / "dog/cut.png").unlink()
    assert ensure_prepared(FOLDER, f"folder:{tmp_path}").meta.counts["train"] == 16


def test_a_changed_folder_is_prepared_anew(tmp_path):
    as_folder(tree(), tmp_path)
    before = ensure_prepared(FOLDER, f"folder:{tmp_path}")
    assert ensure_prepared(FOLDER, f"folder:{tmp_path}").meta == before.meta
    as_folder({"cat/new.png": encoded(IMAGES[3])}, tmp_path)
    after = ensure_prepared(FOLDER, f"folder:{tmp_path}")
    assert sum(after.meta.counts.values()) == sum(before.meta.counts.values()) + 1
    assert ensure_prepared(FOLDER, f"folder:{tmp_path}#4").meta.derived_from == after.content_hash


def test_prepared_data_outlives_its_folder(tmp_path):
    folder = as_folder(tree(), tmp_path / "pets")
    before = ensure_prepared(FOLDER, f"folder:{folder}")
    folder.rename(tmp_path / "elsewhere")
    assert ensure_prepared(FOLDER, f"folder:{folder}").content_hash == before.content_hash


@pytest.mark.parametrize(
    ("spec", "text", "reason"),
    [
        (FOLDER, "folder:{0}/nowhere", "does not exist"),
        (TAR, "tar:{0}/nowhere.tar", "does not exist"),
        (TAR, "tar:{0}/empty", "holds no files that end in .tar"),
        (PARQUET, "parquet:{0}/notes.zip", "is damaged or no parquet or Arrow file"),
        (H5, "h5:{0}/notes.zip", "is damaged or no HDF5 file"),
        (H5, "h5:{0}/empty", "is no file"),
        (CSV, "csv:{0}/empty", "holds no files that end in .csv"),
        (HF, "hf:{0}/empty", "holds no files that end in .parquet"),
        (FOLDER, "folder:{0}/a.zip", "write zip:"),
        (FOLDER, "folder:{0}/rows.csv", "write csv:"),
        (FOLDER, "folder:{0}/shard.tar.gz", "write tar:"),
        (FOLDER, "folder:{0}/part.parquet", "write parquet:"),
        (FOLDER, "folder:{0}/one/1.png", "write folder:.*one$"),
        (ZIP, "zip:{0}", "write folder:"),
        (ZIP, "zip:{0}/notes.zip", "is no zip, or is cut off or damaged"),
        (NPZ, "npz:{0}", "is no file"),
        (FOLDER, "folder:{0}/one", "one picture only"),
        (FOLDER, "folder:{0}/empty", "holds no pictures"),
    ],
)
def test_what_is_no_dataset_is_refused(tmp_path, spec, text, reason):
    as_zip(tree(), tmp_path / "a.zip")
    others = dict.fromkeys(("rows.csv", "shard.tar.gz", "part.parquet"), b"text")
    as_folder({"notes.zip": b"text", "one/1.png": encoded(IMAGES[0]), **others}, tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=reason):
        ensure_prepared(spec, text.format(tmp_path))


def test_a_path_and_from_exclude_each_other(tmp_path):
    with pytest.raises(ConfigError, match="names its own source"):
        ensure_prepared(FOLDER, f"folder:{tmp_path}", source=tmp_path)
    with pytest.raises(ConfigError, match="folder needs a path"):
        ensure_prepared(FOLDER, "folder")


def test_a_hostile_zip_writes_nothing(tmp_path):
    archive = as_zip({**tree(), "../../evil.png": encoded(IMAGES[0])}, tmp_path / "a.zip")
    with pytest.raises(DataError, match="leaves the folder"):
        ensure_prepared(ZIP, f"zip:{archive}")
    assert not list(tmp_path.parent.rglob("evil.png"))


def test_labels_of_minus_one_and_one_are_two_classes(tmp_path):
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=np.where(np.arange(len(IMAGES)) % 2, 1.0, -1.0))
    data = ensure_prepared(NPZ, f"npz:{tmp_path / 'a.npz'}")
    assert data.class_counts("test") == {"-1": 2, "1": 2}


def test_npz_with_images_and_labels(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, images=IMAGES, labels=LABELS)
    data = ensure_prepared(NPZ, f"npz:{path}")
    assert (data.meta.shape, data.class_names) == ((3, 8, 8), ("0", "1"))
    assert data.class_counts("test") == {"0": 2, "1": 2}


@pytest.mark.parametrize(
    "names",
    [("x_train", "y_train", "x_test", "y_test"), ("train_images", "train_labels", "test_images", "test_labels")],
)
def test_npz_with_splits(tmp_path, names):
    path = tmp_path / "a.npz"
    np.savez(path, **dict(zip(names, (IMAGES, LABELS[:, None], IMAGES[:4], LABELS[:4, None]), strict=True)))
    data = ensure_prepared(NPZ, f"npz:{path}@4")
    assert dict(data.meta.counts) == {"train": 20, "test": 4}
    assert data.meta.shape == (3, 4, 4)
    assert data.labels("test").tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"pictures": IMAGES}, "holds pictures: call the arrays images and labels"),
        ({"images": IMAGES, "labels": LABELS[:9]}, r"labels has shape \(9,\) for 20 images"),
        ({"images": IMAGES, "labels": LABELS - 1}, "whole numbers from 0"),
        ({"x_test": IMAGES}, "no x_train"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES, "y_test": LABELS + 1}, "class 2 is unknown"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES}, "only one of train and test has labels"),
        ({"images": IMAGES[:1]}, "one image only"),
        ({"images": IMAGES.astype(float) * 9}, "values from 0 to"),
        ({"images": np.array([print], dtype=object)}, "pickled objects, which could run code"),
    ],
)
def test_npz_that_does_not_fit_is_refused(tmp_path, arrays, reason):
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=reason):
        ensure_prepared(NPZ, f"npz:{path}")


def test_odd_file_names_are_read(tmp_path):
    names = ["with space", "ümläut", "new\nline", "[brackets]", "per%cent"]
    data = ensure_prepared(
        FOLDER, f"folder:{as_folder({f'{name}.png': encoded(IMAGES[0]) for name in names}, tmp_path)}"
    )
    assert sum(data.meta.counts.values()) == len(names)


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes on POSIX only")
def test_a_file_name_that_is_no_text_is_read(tmp_path):
    folder = as_folder({"a.png": encoded(IMAGES[0])}, tmp_path / os.fsdecode(b"\xff"))
    as_folder({os.fsdecode(b"\xfe.png"): encoded(IMAGES[1])}, folder)
    assert sum(ensure_prepared(FOLDER, f"folder:{folder}").meta.counts.values()) == 2


@pytest.mark.parametrize("labels", ["y", "label", "targets", "classes"])
def test_labels_of_a_npz_are_taken_under_any_usual_name_and_said(tmp_path, labels):
    np.savez(tmp_path / "a.npz", **{"images": IMAGES, labels: LABELS, "ages": LABELS})
    meta = ensure_prepared(NPZ, f"npz:{tmp_path / 'a.npz'}").meta
    assert meta.class_names == ("0", "1")
    assert f"labels: the array {labels}" in meta.notes
    assert "not used: ages (an array of labels is called labels)" in meta.notes


def test_labels_of_a_npz_may_be_words(tmp_path):
    words = np.array(["cat", "dog"])[LABELS % 2]
    np.savez(tmp_path / "a.npz", x_train=IMAGES, y_train=words, x_test=IMAGES[:4], y_test=words[:4])
    data = ensure_prepared(NPZ, f"npz:{tmp_path / 'a.npz'}")
    assert data.class_names == ("cat", "dog")
    np.testing.assert_array_equal(data.labels("test"), LABELS[:4] % 2)


@pytest.mark.parametrize("labels", [np.where(LABELS == 0, 0, 70_000), np.where(LABELS == 0, 0, 40)])
def test_labels_that_would_make_classes_without_samples_are_refused(tmp_path, labels):
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=labels)
    with pytest.raises(DataError, match="only 2 of them occur: number the classes from 0 without gaps"):
        ensure_prepared(NPZ, f"npz:{tmp_path / 'a.npz'}")


def test_a_class_without_a_sample_is_said(tmp_path):
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS * 2)
    meta = ensure_prepared(NPZ, f"npz:{tmp_path / 'a.npz'}").meta
    assert meta.class_names == ("0", "1", "2")
    assert "1 of 3 classes have no sample" in meta.notes


def test_a_folder_of_stylegan_has_its_listed_labels_or_none(tmp_path):
    names = [f"0000{index // 10}/img{index:08}.png" for index in range(20)]
    files = {name: encoded(image) for name, image in zip(names, IMAGES, strict=True)}
    chunks = ensure_prepared(FOLDER, f"folder:{as_folder(files, tmp_path / 'chunks')}").meta
    assert chunks.class_names == ()
    assert any("only split numbered files" in note for note in chunks.notes)
    listed = {"labels": [[name, index % 3] for index, name in enumerate(names)]}
    files["dataset.json"] = json.dumps(listed).encode()
    data = ensure_prepared(FOLDER, f"folder:{as_folder(files, tmp_path / 'listed')}")
    assert data.class_names == ("0", "1", "2")
    assert data.class_counts("train") == {"0": 5, "1": 6, "2": 5}


def test_what_was_taken_for_classes_is_said(tmp_path):
    files = {f"{name}/{index}.png": encoded(IMAGES[index]) for name in ("cat", "dog") for index in range(5)}
    meta = ensure_prepared(FOLDER, f"folder:{as_folder(files, tmp_path)}").meta
    assert "labels: the 2 folders cat, dog are classes" in meta.notes


def test_pictures_of_16_bits_are_scaled_by_the_bits_that_the_set_uses_and_that_is_said(tmp_path):
    ramp = np.arange(256, dtype=np.uint16).reshape(16, 16) << 4
    files = {f"{index}.png": encoded(ramp) for index in range(10)}
    data = ensure_prepared(FOLDER, f"folder:{as_folder(files, tmp_path)}")
    assert len(np.unique(data.samples("train"))) >= 255
    assert "16 bit brought to 8: values 0 to 4,080 taken as 12 bits (white is 4,095)" in data.meta.notes


@pytest.mark.parametrize("suffix", [".jfif", ".JPE", ".pjpeg"])
def test_jpeg_has_other_names(tmp_path, suffix):
    files = {f"{index}{suffix}": encoded(image, "JPEG") for index, image in enumerate(IMAGES)}
    assert ensure_prepared(FOLDER, f"folder:{as_folder(files, tmp_path)}").meta.counts["train"] == 16
