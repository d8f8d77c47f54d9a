"""Sets of samples: what was converted is counted once, labels mean what they are compared with, or are refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from genharness import DataError
from genharness.cells.draw import Drawn
from genharness.cells.write import write_samples
from genharness.external.samples import fit_to, read_labels, with_classes, with_labels
from genharness.images import SampleFile, read_samples
from genharness.images.samples import read_images
from genharness.spec.plugins import DataShape

GREY = DataShape("image", (1, 8, 8), 0, 10)
COLOUR = DataShape("image", (3, 8, 8), 0, 10)
PIXELS = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3)).astype(np.uint8)


def save_pictures(folder, *, grey=0, colour=0, palette=0):
    """Save so many pictures of each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for place in range(grey):
        Image.fromarray(PIXELS[place, :, :, 0]).save(folder / f"grey{place}.png")
    for place in range(colour):
        Image.fromarray(PIXELS[place]).save(folder / f"colour{place}.png")
    for place in range(palette):
        Image.fromarray(PIXELS[place]).convert("P").save(folder / f"palette{place}.png")
    return folder


@pytest.mark.parametrize(
    ("kinds", "shape", "converted"),
    [
        ({"grey": 10, "colour": 1}, GREY, 1),
        ({"grey": 10, "colour": 1, "palette": 2}, GREY, 3),
        ({"grey": 10, "colour": 1, "palette": 2}, COLOUR, 12),
        ({"grey": 10}, GREY, 0),
        ({"grey": 10}, COLOUR, 10),
        ({"colour": 3, "palette": 2}, GREY, 5),
        ({"colour": 3}, COLOUR, 0),
    ],
)
def test_only_what_really_changes_counts_as_converted(tmp_path, kinds, shape, converted):
    fitted = fit_to(read_samples(save_pictures(tmp_path, **kinds), size=8), shape, "digits")
    assert fitted.samples.shape[1:] == shape.shape
    assert fitted.touched.get("converted", 0) == converted


def test_grey_pictures_among_colours_come_back_as_they_were(tmp_path):
    fitted = fit_to(read_samples(save_pictures(tmp_path, grey=10, colour=1)), GREY, "digits")
    np.testing.assert_array_equal(fitted.samples[1:, 0], PIXELS[:10, :, :, 0])


def test_an_array_is_scaled_and_made_grey_and_counts_once(tmp_path):
    np.save(tmp_path / "a.npy", PIXELS / 255)
    assert fit_to(read_samples(tmp_path / "a.npy"), GREY, "digits").touched == {"converted": 12}


def test_a_set_that_memory_cannot_hold_is_refused_with_the_size(tmp_path, monkeypatch):
    save_pictures(tmp_path, grey=2)
    monkeypatch.setattr("genharness.files.free_memory.free_memory", lambda: 100)
    with pytest.raises(DataError, match=r"2 pictures of 8x8x1 need 0\.0 GiB of memory, .* --resize-to, or with @SIZE"):
        read_images(tmp_path)


@pytest.mark.parametrize("class_folders", [True, False])
def test_labels_without_classes_to_compare_with_are_left_out_and_no_dataset_is_named(tmp_path, class_folders):
    if class_folders:
        for name in "ab":
            save_pictures(tmp_path / name, grey=2)
        found = read_samples(tmp_path)
    else:
        np.savez(tmp_path / "a.npz", images=PIXELS, labels=np.arange(12))
        found = read_samples(tmp_path / "a.npz")
    assert found.labels is not None
    left = with_classes(found, ())
    assert left.labels is None
    assert left.notes[-1] == "what they are compared with has no classes: labels are left out"


@pytest.mark.parametrize("array", [np.zeros(150), np.zeros((2, 3, 4, 5, 6)), np.zeros((150, 8, 1, 1))])
def test_features_of_another_layout_are_told_what_features_are(tmp_path, array):
    np.save(tmp_path / "f.npy", array)
    with pytest.raises(DataError, match=r"f\.npy has shape .* features as \(n, d\)"):
        read_samples(tmp_path / "f.npy")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("1\n99999999999999999999\n", "entry 2 is 1e"),
        ("1\n" + "9" * 5000 + "\n", "entry 2 is inf"),
        ("1\n-2\n", "entry 2 is '-2'"),
    ],
)
def test_text_labels_that_are_no_classes_are_named(tmp_path, content, reason):
    (tmp_path / "y.txt").write_text(content)
    with pytest.raises(DataError, match=rf"y\.txt: {reason}"):
        read_labels(tmp_path / "y.txt", 2)


def test_text_labels_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "y.txt").write_text("3\n1\n", encoding="utf-8-sig")
    assert read_labels(tmp_path / "y.txt", 2).tolist() == [3, 1]


def test_a_folder_of_labels_is_told_from_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="is no file: give a"):
        read_labels(tmp_path, 2)
    with pytest.raises(DataError, match="does not exist"):
        read_labels(tmp_path / "y.txt", 2)


def test_a_label_beyond_the_classes_names_the_file_it_came_from(tmp_path):
    np.savez(tmp_path / "a.npz", images=PIXELS, labels=np.full(12, 14))
    (tmp_path / "y.txt").write_text("14\n" * 12)
    found = read_samples(tmp_path / "a.npz")
    for labelled, name in ((found, r"a\.npz"), (with_labels(found, tmp_path / "y.txt"), r"y\.txt")):
        with pytest.raises(DataError, match=rf"{name}: label 14 is none of the 10 classes"):
            with_classes(labelled, [str(place) for place in range(10)])


NUMBERED = tuple(sorted(map(str, range(12))))  # 0, 1, 10, 11, 2, as class folders are sorted


def test_whole_numbers_are_what_classes_are_called_where_all_are_called_so(tmp_path):
    (tmp_path / "y.txt").write_text("\n".join(map(str, range(12))))
    np.savez(tmp_path / "a.npz", images=PIXELS, labels=np.arange(12))
    np.savez(tmp_path / "words.npz", images=PIXELS, labels=np.arange(12).astype(str))
    found = read_samples(tmp_path / "a.npz")
    words = with_classes(read_samples(tmp_path / "words.npz"), NUMBERED)
    for labelled in (found, with_labels(found, tmp_path / "y.txt")):
        meant = with_classes(labelled, NUMBERED)
        assert [NUMBERED[label] for label in meant.labels] == [str(number) for number in range(12)]
        assert meant.labels.tolist() == words.labels.tolist()
        assert meant.notes[-1] == "labels are what classes are called, not their places: 2 is class 5 of 12"


def test_numbers_that_are_places_as_well_are_taken_without_a_word():
    found = SampleFile("a", PIXELS, np.arange(12) % 2)
    assert with_classes(found, NUMBERED).labels.tolist() == found.labels.tolist()
    assert with_classes(found, NUMBERED).notes == ()


def test_labels_of_a_cell_are_places():
    found = SampleFile("a", PIXELS, np.arange(12))
    assert with_classes(found, NUMBERED, places=True).labels.tolist() == list(range(12))


@pytest.mark.parametrize("names", [("1", "01"), ("0", "10", "b"), ("9" * 19, "2", "1")])
def test_classes_that_no_number_tells_apart_are_numbered_by_their_places(names):
    found = SampleFile("a", PIXELS, np.arange(12) % 2)
    assert with_classes(found, names).labels.tolist() == found.labels.tolist()


def test_a_number_that_no_class_is_called_is_named_with_the_classes(tmp_path):
    (tmp_path / "y.txt").write_text("0\n" * 12)
    found = with_labels(SampleFile("a", PIXELS), tmp_path / "y.txt")
    with pytest.raises(DataError, match=r"y\.txt: no class is called 0, as a label says: the classes are 1, 10, 2$"):
        with_classes(found, ("1", "10", "2"))


def test_samples_that_were_written_with_numbers_are_of_their_classes_again(tmp_path):
    drawn = Drawn(PIXELS.transpose(0, 3, 1, 2), np.arange(12), NUMBERED, "image")
    write_samples(drawn, tmp_path / "a.npz")
    write_samples(drawn, tmp_path / "folder")
    for path in (tmp_path / "a.npz", tmp_path / "folder"):
        assert sorted(with_classes(read_samples(path), NUMBERED).labels) == list(range(12))
    assert with_classes(read_samples(tmp_path / "a.npz"), NUMBERED).labels.tolist() == list(range(12))
