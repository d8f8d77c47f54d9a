import numpy as np
import pytest

from genharness import DataError
from genharness.images import sort_arrays
from genharness.images.arrays import arrays_of, label_array

IMAGES = np.zeros((6, 8, 8, 3), np.uint8)
LABELS = np.arange(6) % 3
ROWS = np.zeros((6, 4))


@pytest.mark.parametrize("samples", ["images", "samples", "arr_0", "x", "X", "data", "imgs", "Images"])
@pytest.mark.parametrize("labels", ["labels", "label", "y", "Y", "targets", "target", "classes", "arr_1"])
def test_any_usual_name_of_samples_goes_with_any_of_labels(samples, labels):
    found = sort_arrays({labels: LABELS, samples: IMAGES}, "a.npz")
    assert (found.samples, found.labels, found.unused) == ({"": samples}, {"": labels}, ())


@pytest.mark.parametrize(
    "form", ["x_{}/y_{}", "{}_images/{}_labels", "X{}/y{}", "{}_x/{}_y", "images_{}/labels_{}", "{}-data/{}-targets"]
)
def test_splits_are_known_by_any_usual_name(form):
    names = {split: form.format(split, split).split("/") for split in ("train", "test", "val")}
    arrays = {name: array for pair in names.values() for name, array in zip(pair, (IMAGES, LABELS), strict=True)}
    found = sort_arrays(arrays, "a.npz")
    expected = {"train": names["train"], "test": names["test"], "validation": names["val"]}
    assert {split: [found.samples[split], found.labels[split]] for split in found.samples} == expected


def test_arrays_named_by_their_split_alone_are_its_samples():
    assert sort_arrays({"train": IMAGES, "test": IMAGES}, "a").samples == {"train": "train", "test": "test"}


def test_what_is_taken_for_labels_and_what_is_not_used_is_said():
    found = sort_arrays({"images": IMAGES, "y": LABELS, "ages": LABELS, "x": IMAGES}, "a.npz")
    assert found.notes == ("labels: the array y", "not used: ages, x (an array of labels is called labels)")


def test_a_second_array_without_a_name_is_taken_for_labels_only_if_it_may_be():
    assert sort_arrays({"arr_0": IMAGES, "arr_1": IMAGES}, "a.npz").unused == ("arr_1",)
    assert sort_arrays({"arr_0": IMAGES, "arr_1": np.eye(3)[LABELS]}, "a.npz").labels == {"": "arr_1"}


@pytest.mark.parametrize("names", [("mu", "sigma"), ("mean", "cov"), ("Mean", "Covariance"), ("mu", "cov")])
def test_statistics_are_known_alone_and_beside_samples(names):
    statistics = dict(zip(names, (np.zeros(4), np.eye(4)), strict=True))
    assert sort_arrays(statistics, "a.npz").statistics == names
    for samples in ({"arr_0": IMAGES}, {"features": ROWS}):
        found = sort_arrays({**statistics, **samples, "mu_s": np.zeros(3), "sigma_s": np.eye(3)}, "a.npz")
        assert (list(found.samples.values()), found.statistics, found.unused) == (list(samples), names, ())
        assert found.notes == (f"the samples are taken, and not the statistics beside them: {', '.join(names)}",)
    assert sort_arrays(statistics, "a.npz").notes == ()


def test_half_of_statistics_is_none():
    assert sort_arrays({"images": IMAGES, "mu": np.zeros(4)}, "a.npz").statistics == ()


def test_the_only_array_that_can_be_samples_may_be_taken_whatever_its_name():
    arrays = {"faces": IMAGES, "labels": LABELS}
    assert sort_arrays(arrays, "a.npz", any_name=True).samples == {"": "faces"}
    with pytest.raises(DataError, match="no array called images: it holds faces, labels: call the arrays images"):
        sort_arrays(arrays, "a.npz")
    with pytest.raises(DataError, match="holds one, other"):
        sort_arrays({"one": IMAGES, "other": IMAGES}, "a.npz", any_name=True)


def test_names_that_only_look_like_splits_are_none():
    assert sort_arrays({"images": IMAGES, "contest": LABELS, "latest_y": LABELS}, "a").labels == {}


def test_a_file_of_labels_needs_no_name():
    assert label_array({"classes": LABELS, "x": ROWS}) is LABELS
    assert label_array({"anything": LABELS}) is LABELS
    assert label_array({"one": LABELS, "other": LABELS}) is None


def test_only_a_npz_has_arrays_by_name(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 4, 4)), mu=np.zeros(3), sigma=np.eye(3))
    np.save(tmp_path / "b.npy", np.zeros((2, 4)))
    found = arrays_of(tmp_path / "a.npz")
    assert (dict(found.samples), set(found.statistics)) == ({"": "images"}, {"mu", "sigma"})
    for other in ("b.npy", "c.npz", "."):
        assert (arrays_of(tmp_path / other).samples, arrays_of(tmp_path / other).statistics) == ({}, ())


@pytest.mark.parametrize("shapes", [((6, 6), (6,)), ((1, 6), (6, 6)), ((6,), (6,))])
def test_statistics_whose_shapes_do_not_fit_are_not_taken_for_samples(shapes):
    arrays = {name: np.ones(shape) for name, shape in zip(("mu", "sigma"), shapes, strict=True)}
    with pytest.raises(DataError, match=r"holds mu \(.*\) and sigma \(.*\), which are no statistics: a mean has"):
        sort_arrays(arrays, "a.npz", any_name=True)


def test_half_of_statistics_is_no_sample_either():
    with pytest.raises(DataError, match="no array called images: it holds sigma, count"):
        sort_arrays({"sigma": np.eye(4), "count": np.ones(1)}, "a.npz", any_name=True)
