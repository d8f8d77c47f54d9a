"""Samples made elsewhere: read or refused by name, and scored as a trained model's samples are."""

import dataclasses
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from flat_requests import request_of
from genharness import DataError
from genharness.errors import ConfigError
from genharness.external.request import prepare
from genharness.external.score import score_samples
from genharness.functional.frechet import frechet_distance
from genharness.functional.gaussian import GaussianStatistics
from genharness.images.resize import POLICIES
from genharness.plugin.registry import load_registry
from packed import as_folder, as_zip, encoded

IMAGES = (load_digits().images[:60] * 15.9375).astype(np.uint8)[:, None]
RANDOM = np.random.default_rng(0)


def silent(_done, _total, _text):
    pass


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.fixture
def planned(registry, tmp_path):
    def plan(*samples, **changes):
        values = {"samples": [str(path) for path in samples], "features": "pixels", "metrics": ("fid",)}
        request = request_of(**{**values, "results": tmp_path / "results", **changes})
        return request, prepare(request, registry, silent)

    return plan


@pytest.fixture
def scored(planned, registry):
    def score(*samples, **changes):
        request, plans = planned(*samples, **changes)
        return [score_samples(one, registry, request, silent) for one in plans]

    return score


def test_folder_zip_npz_and_npy_of_the_same_images_score_the_same(tmp_path, scored):
    files = {f"{place:03}.png": encoded(image[0]) for place, image in enumerate(IMAGES)}
    as_folder(files, tmp_path / "folder")
    as_zip(files, tmp_path / "a.zip")
    np.savez(tmp_path / "b.npz", images=IMAGES.transpose(0, 2, 3, 1))
    np.save(tmp_path / "c.npy", IMAGES)
    np.save(tmp_path / "d.npy", IMAGES.astype(np.float32) / 127.5 - 1)
    paths = [tmp_path / name for name in ("folder", "a.zip", "b.npz", "c.npy", "d.npy")]
    records = [scored(path, dataset="digits")[0] for path in paths]
    assert len({record.scores["fid"] for record in records}) == 1
    assert len({record.protocol_hash for record in records}) == 1
    assert [record.cell.model for record in records] == ["folder", "a", "b", "c", "d"]
    assert records[4].facts["samples_converted"] == 60


def test_the_score_is_that_of_the_features(tmp_path, scored):
    fake, real = RANDOM.normal(size=(2, 300, 4)).astype(np.float32)
    np.save(tmp_path / "fake.npy", fake)
    np.savez(tmp_path / "real.npz", features=real)
    record = scored(tmp_path / "fake.npy", reference=tmp_path / "real.npz", features="identity")[0]
    assert record.scores["fid"] == pytest.approx(frechet_distance(real, fake), rel=1e-9)
    assert (record.source, record.cell.budget, record.cell.length) == ("external", "external", "0steps")


def test_statistics_serve_the_frechet_distance_and_nothing_that_needs_samples(tmp_path, scored):
    fake, real = RANDOM.normal(size=(2, 300, 4)).astype(np.float32)
    np.save(tmp_path / "fake.npy", fake)
    GaussianStatistics.fit(real).save(tmp_path / "stats.npz")
    record = scored(
        tmp_path / "fake.npy", reference=tmp_path / "stats.npz", features="identity", metrics=("fid", "prdc", "kid")
    )[0]
    assert record.scores == {"fid": pytest.approx(frechet_distance(real, fake), rel=1e-9)}
    for name in ("prdc", "kid"):
        assert "stats.npz holds statistics only (mu, sigma)" in record.skipped[name]


def test_statistics_of_other_features_are_refused(tmp_path, scored):
    np.save(tmp_path / "fake.npy", RANDOM.normal(size=(30, 4)))
    np.savez(tmp_path / "stats.npz", mu=np.zeros(3), sigma=np.eye(3))
    record = scored(tmp_path / "fake.npy", reference=tmp_path / "stats.npz", features="identity")[0]
    assert not record.scores
    assert "3" in record.skipped["fid"]
    assert "4" in record.skipped["fid"]


def test_statistics_are_no_samples(tmp_path, planned):
    np.savez(tmp_path / "stats.npz", mu=np.zeros(3), sigma=np.eye(3))
    with pytest.raises(DataError, match="it can only be a --reference"):
        planned(tmp_path / "stats.npz", dataset="digits")


def test_a_second_scoring_extracts_nothing(tmp_path, scored, monkeypatch):
    from genharness_features_basic.plain import Pixels

    calls = []
    real = Pixels.extract
    monkeypatch.setattr(Pixels, "extract", lambda self, samples: (calls.append(len(samples)), real(self, samples))[1])
    np.save(tmp_path / "a.npy", IMAGES)
    first = scored(tmp_path / "a.npy", dataset="digits")[0]
    assert sum(calls) == 60 + 1258
    calls.clear()
    assert scored(tmp_path / "a.npy", dataset="digits")[0].scores == first.scores
    assert not calls


def test_other_sizes_and_colours_are_fitted_to_the_dataset_and_counted(tmp_path, scored):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for place in range(4):
        wide = RANDOM.integers(0, 256, (16, 20 + place, 3)).astype(np.uint8)
        (tmp_path / "in" / "deep" / f"{place}.jpg").write_bytes(encoded(wide, form="JPEG"))
    (tmp_path / "in" / "native.png").write_bytes(encoded(IMAGES[0, 0]))
    record = scored(tmp_path / "in", dataset="digits")[0]
    assert record.facts["samples_scored"] == 5
    assert record.facts["samples_resized"] == 4
    assert record.facts["samples_cropped"] == 4
    assert any("centre crop" in note for note in record.notes)


def test_mixed_sizes_without_a_dataset_are_named_unless_a_size_is_given(tmp_path, planned):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(encoded(np.zeros((8, 8), np.uint8)))
    (tmp_path / "in" / "b.png").write_bytes(encoded(np.zeros((12, 16), np.uint8)))
    np.save(tmp_path / "real.npy", IMAGES)
    with pytest.raises(DataError, match=r"mixed sizes, 8x8 \(a\.png\) to 16x12 \(b\.png\)"):
        planned(tmp_path / "in", reference=tmp_path / "real.npy")
    plans = planned(tmp_path / "in", reference=tmp_path / "real.npy", resize_to=8)[1]
    assert plans[0].found.samples.shape == (2, 1, 8, 8)


def test_rows_are_no_images(tmp_path, planned):
    np.save(tmp_path / "rows.npy", np.zeros((5, 64)))
    with pytest.raises(DataError, match=r"rows\.npy holds rows of 64 columns, and digits images of 8x8x1"):
        planned(tmp_path / "rows.npy", dataset="digits")


BAD_ARRAYS = {
    "objects": (np.array([{}], dtype=object), "pickled objects"),
    "layout": (np.zeros((4, 5, 8, 8), np.uint8), "neither axis 1 nor 3"),
    "range": (np.full((4, 1, 8, 8), 300.0), "holds values from 300 to 300"),
    "overshoot": (np.linspace(0, 1.2, 256).reshape(4, 1, 8, 8), "whether they end at 1 or at 255 cannot be told"),
    "binary": (np.eye(8, dtype=np.int64)[None], "whether 1 is white cannot be told"),
    "nan": (np.full((4, 1, 8, 8), np.nan), "NaN"),
    "text": (np.full((4, 1, 8, 8), "x"), "must be numbers"),
    "nan-rows": (np.array([[0.0, 1.0], [np.nan, 1.0]]), "first in row 1"),
    "complex-rows": (np.zeros((3, 2), complex), "rows must be numbers"),
    "empty-rows": (np.zeros((0, 2)), "it is empty"),
    "scalar": (np.array(3.0), "has shape"),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_an_unusable_array_is_named_with_the_reason(tmp_path, planned, name, suffix):
    array, reason = BAD_ARRAYS[name]
    path = tmp_path / f"{name}.{suffix}"
    np.save(path, array, allow_pickle=True) if suffix == "npy" else np.savez(path, images=array)
    with pytest.raises(DataError, match=reason) as caught:
        planned(path, dataset="digits")
    assert path.name in str(caught.value)


def test_every_bad_picture_is_named_and_none_is_dropped(tmp_path, planned):
    whole = encoded(IMAGES[0, 0])
    files = {"good.png": whole, "cut.png": whole[:50], "empty.png": b"", "text.png": b"hello"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        planned(tmp_path, dataset="digits")
    for name in ("empty.png", "text.png"):
        assert name in str(caught.value)
    assert "good.png" not in str(caught.value)
    (tmp_path / "empty.png").unlink()
    (tmp_path / "text.png").unlink()
    with pytest.raises(DataError, match=r"1 of 2 pictures cannot be used.*cut\.png"):
        planned(tmp_path, dataset="digits")


def test_odd_pictures_are_converted_and_counted(tmp_path, scored):
    grey = IMAGES[0, 0]
    colour = np.repeat(grey[:, :, None], 3, axis=2)
    Image.fromarray(colour).convert("CMYK").save(tmp_path / "cmyk.tif")
    Image.fromarray(colour).convert("P").save(tmp_path / "palette.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    frames = [Image.fromarray(image[0]) for image in IMAGES[:3]]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "readme.txt").write_text("not a picture, and not called one")
    record = scored(tmp_path, dataset="digits")[0]
    assert record.facts["samples_scored"] == record.facts["samples_converted"] == 4
    assert record.facts["samples_converted_16_bit"] == record.facts["samples_left_out"] == 1
    for name in ("cmyk.tif", "palette.png", "deep.png", "moving.gif", "readme.txt"):
        assert any(name in note for note in record.notes), name


@pytest.mark.parametrize("name", ["../../evil.png", "/evil.png"])
def test_a_zip_that_leaves_its_folder_is_refused(tmp_path, planned, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, encoded(IMAGES[0, 0]))
    with pytest.raises(DataError, match=r"a\.zip.*evil\.png.*leaves the folder"):
        planned(tmp_path / "a.zip", dataset="digits")


def test_a_bomb_is_refused(tmp_path, planned):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(200_000_000))
    with pytest.raises(DataError, match=r"a\.zip.*out of all proportion"):
        planned(tmp_path / "a.zip", dataset="digits")


def test_all_unusable_sets_are_told_at_once(tmp_path, planned):
    np.save(tmp_path / "a.npy", np.zeros((2, 3)))
    (tmp_path / "b.npz").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        planned(tmp_path / "a.npy", tmp_path / "b.npz", dataset="digits")
    first, second = str(caught.value).splitlines()
    assert "a.npy holds rows" in first
    assert "b.npz is damaged" in second


def test_a_count_draws_the_same_subset_with_the_same_seed(tmp_path, planned):
    np.save(tmp_path / "a.npy", IMAGES)
    sets = [planned(tmp_path / "a.npy", dataset="digits", count=20, protocol_seed=s)[1][0] for s in (0, 0, 1)]
    assert sets[0].protocol.sample_count == 20
    assert (sets[0].found.samples == sets[1].found.samples).all()
    assert not (sets[0].found.samples == sets[2].found.samples).all()
    with pytest.raises(DataError, match="holds 60 samples, and --count asks for 61"):
        planned(tmp_path / "a.npy", dataset="digits", count=61)


def test_labels_come_from_a_file_or_from_class_folders(tmp_path, planned):
    np.save(tmp_path / "a.npy", IMAGES[:3])
    (tmp_path / "labels.txt").write_text("0\n2\n1\n")
    found = planned(tmp_path / "a.npy", dataset="digits", labels=tmp_path / "labels.txt")[1][0].found
    assert found.labels.tolist() == [0, 2, 1]
    for folder in ("7", "3"):
        (tmp_path / "classes" / folder).mkdir(parents=True)
        (tmp_path / "classes" / folder / "a.png").write_bytes(encoded(IMAGES[0, 0]))
    assert planned(tmp_path / "classes", dataset="digits")[1][0].found.labels.tolist() == [3, 7]


def test_folders_that_are_no_classes_of_the_dataset_give_no_labels(tmp_path, planned):
    for folder in ("batch0", "batch1"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(encoded(IMAGES[0, 0]))
    found = planned(tmp_path, dataset="digits")[1][0].found
    assert found.labels is None
    assert any("no classes of the dataset" in note for note in found.notes)


@pytest.mark.parametrize(
    ("content", "reason"),
    [("0\n1\n", "has shape"), ("0\nx\n1\n", "entry 2 is 'x'"), ("0\n1\n99\n", "label 99 is none of the 10 classes")],
)
def test_unusable_labels_are_named(tmp_path, planned, content, reason):
    np.save(tmp_path / "a.npy", IMAGES[:3])
    (tmp_path / "labels.txt").write_text(content)
    with pytest.raises(DataError, match=reason):
        planned(tmp_path / "a.npy", dataset="digits", labels=tmp_path / "labels.txt")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "say what to compare with"),
        ({"dataset": "digits", "resize_to": 16}, "write --dataset digits@16"),
        ({"dataset": "digts"}, "did you mean 'digits'"),
        ({"dataset": "digits", "metrics": ("fidd",)}, "did you mean 'fid'"),
        ({"dataset": "digits", "features": "pixel"}, "did you mean 'pixels'"),
        ({"dataset": "digits", "set": {"fid": {"k": 3}}}, "fid has no option 'k'"),
        ({"dataset": "digits", "name": "../up"}, "must be letters"),
        ({"dataset": "digits", "features": "identity"}, "reads tabular data"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_scored(tmp_path, planned, changes, reason):
    np.save(tmp_path / "a.npy", IMAGES)
    with pytest.raises(ConfigError, match=reason):
        planned(tmp_path / "a.npy", **changes)


def test_other_samples_under_the_same_name_are_another_cell(tmp_path, scored):
    np.save(tmp_path / "a.npy", IMAGES)
    first = scored(tmp_path / "a.npy", dataset="digits")[0]
    np.save(tmp_path / "a.npy", IMAGES[:, :, ::-1])
    second = scored(tmp_path / "a.npy", dataset="digits")[0]
    assert first.cell.id != second.cell.id
    assert first.protocol_hash == second.protocol_hash


def test_options_of_metrics_are_part_of_the_protocol(tmp_path, planned):
    np.save(tmp_path / "a.npy", IMAGES)
    plain = planned(tmp_path / "a.npy", dataset="digits", metrics=("prdc",))[1][0]
    other = planned(tmp_path / "a.npy", dataset="digits", metrics=("prdc",), set={"prdc": {"k": "3"}})[1][0]
    assert plain.protocol.metric_options == {}
    assert other.protocol.metric_options == {"prdc": {"k": 3}}
    assert dataclasses.replace(other.protocol, metric_options={}) == plain.protocol


def test_a_resize_that_the_chosen_extractor_does_not_know_is_refused(tmp_path, planned):
    np.save(tmp_path / "a.npy", IMAGES)
    with pytest.raises(ConfigError, match=r"--features auto takes classifier .* knows no resize 'clean'"):
        planned(tmp_path / "a.npy", dataset="digits", features="auto", resize="clean")


def test_statistics_cannot_be_of_fewer_samples_than_they_are(tmp_path, planned):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).normal(size=(20, 3)))
    np.savez(tmp_path / "s.npz", mu=np.zeros(3), sigma=np.eye(3))
    with pytest.raises(ConfigError, match="leave --reference-count out"):
        planned(tmp_path / "a.npy", reference=tmp_path / "s.npz", features="identity", reference_count=5)


def test_sets_are_named_by_what_tells_them_apart(tmp_path, planned):
    np.save(tmp_path / "a.npy", IMAGES)
    np.savez(tmp_path / "a.npz", images=255 - IMAGES)
    array, archive = tmp_path / "a.npy", tmp_path / "a.npz"
    assert [one.name for one in planned(array, archive, archive, dataset="digits")[1]] == ["a.npy", "a.npz"]
    assert planned(archive, dataset="digits", name="mine")[1][0].name == "mine"


def test_the_same_samples_under_two_paths_are_one_set(planned, tmp_path):
    np.save(tmp_path / "a.npy", IMAGES)
    np.savez(tmp_path / "b.npz", images=IMAGES)
    np.save(tmp_path / "c.npy", 255 - IMAGES)
    paths = [tmp_path / name for name in ("a.npy", "b.npz", "c.npy")]
    _, plans = planned(*paths, dataset="digits")
    assert [one.name for one in plans] == ["a", "c"]
    assert any("b.npz holds the samples of" in note for note in plans[0].notes)


def test_a_metric_that_was_named_and_lacks_its_package_is_refused_with_what_to_install(planned, tmp_path, monkeypatch):
    monkeypatch.setattr("genharness.study.runnable._installed", lambda package: False)
    np.save(tmp_path / "a.npy", IMAGES)
    with pytest.raises(ConfigError, match="metric lpips-diversity needs lpips, which is not installed: pip install"):
        planned(tmp_path / "a.npy", dataset="digits", metrics=("lpips-diversity",))


def test_samples_of_16_bits_have_the_white_of_what_they_are_compared_with(tmp_path, planned):
    real = RANDOM.integers(0, 4096, (20, 8, 8)).astype(np.uint16)
    np.savez(tmp_path / "real.npz", x_train=real[:16] // 4, x_test=real[16:])  # one scale for both splits
    np.save(tmp_path / "real.npy", real)
    np.save(tmp_path / "fake.npy", real // 8)  # by itself it would be as bright as the real ones
    as_folder({f"{place}.png": encoded(one // 8) for place, one in enumerate(real)}, tmp_path / "fake")
    expected = np.rint((real // 8) * (255 / 4095)).astype(np.uint8)[:, None]
    for against in ({"reference": tmp_path / "real.npy"}, {"dataset": f"npz:{tmp_path / 'real.npz'}"}):
        for name in ("fake.npy", "fake"):
            (one,) = planned(tmp_path / name, **against)[1]
            assert one.found.white == one.reference.white == 4095
            ordered = sorted(map(bytes, one.found.samples)), sorted(map(bytes, expected))
            assert ordered[0] == ordered[1]
            assert any("as of what they are compared with" in note for note in one.found.notes)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("form", ["folder", "a.zip", "a.tar", "a.npy"])
def test_pictures_are_fitted_as_those_of_the_dataset_are(tmp_path, planned, fit, form):
    pictures = RANDOM.integers(0, 256, (10, 12, 20, 3)).astype(np.uint8)
    files = {f"{place}.png": encoded(image) for place, image in enumerate(pictures)}
    as_folder(files, tmp_path / "folder")
    as_zip(files, tmp_path / "a.zip")
    np.save(tmp_path / "a.npy", pictures)
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name in sorted(files):
            archive.add(tmp_path / "folder" / name, name)
    _, (one,) = planned(tmp_path / form, dataset=f"folder:{tmp_path / 'folder'}@8:{fit}")
    data = one.reference.data
    real = {image.tobytes() for split in data.splits for image in data.samples(split)}
    assert {image.tobytes() for image in one.found.samples} == real
    assert POLICIES[fit] in one.found.notes[-1]
