"""Datasets that a program holds."""

import numpy as np
import pytest
import torch
from PIL import Image

from genharness.api.held_data import hold_datasets
from genharness.api.studies import run
from genharness.data import open_prepared, parse_reference
from genharness.errors import ConfigError, DataError
from genharness.plugin.registry import load_registry

RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 256, (20, 8, 9)).astype(np.uint8)
LABELS = np.arange(20) % 2


class Toy(torch.utils.data.Dataset):
    """Items as torchvision gives them."""

    def __init__(self, make, labelled=True):
        self.make, self.labelled = make, labelled

    def __len__(self):
        return 20

    def __getitem__(self, place):
        sample = self.make(IMAGES[place])
        return (sample, int(LABELS[place])) if self.labelled else sample


@pytest.fixture(scope="module")
def spec():
    return load_registry().datasets.find("array")


@pytest.fixture
def opened(spec):
    def open_one(given):
        (reference,) = hold_datasets({"mine": given})
        assert parse_reference(reference).name == "array"
        return open_prepared(spec, reference)

    return open_one


@pytest.mark.parametrize(
    "given",
    [
        (IMAGES, LABELS),
        (torch.from_numpy(IMAGES)[:, None], torch.from_numpy(LABELS)),
        (IMAGES[..., None] / 255, LABELS),
        Toy(lambda image: torch.from_numpy(image)[None].float() / 255),
        Toy(Image.fromarray),
        Toy(lambda image: image),
    ],
    ids=["arrays", "tensors", "floats", "ToTensor", "pictures", "items"],
)
def test_all_ways_to_hold_the_same_samples_are_the_same_data(opened, given):
    data = opened(given)
    assert (data.meta.shape, data.class_names, dict(data.meta.counts)) == (
        (1, 8, 9),
        ("0", "1"),
        {"train": 16, "test": 4},
    )
    expected = {image.tobytes(): label for image, label in zip(IMAGES, LABELS, strict=True)}
    found = {
        image.tobytes(): label
        for split in data.splits
        for image, label in zip(data.samples(split), data.labels(split), strict=True)
    }
    assert found == expected


def test_splits_and_rows_may_be_given(opened):
    rows = RANDOM.normal(5, 2, (30, 3))
    data = opened({"train": (rows, np.arange(30) % 3), "test": (rows[:6], np.arange(6) % 3)})
    assert (data.meta.shape, dict(data.meta.counts)) == ((3,), {"train": 30, "test": 6})
    np.testing.assert_allclose(data.units.raw(data.samples("test")), rows[:6], rtol=1e-5)


def test_the_name_tells_contents_apart_and_the_same_is_prepared_once():
    first, again, other = (hold_datasets({"mine": one})[0] for one in (IMAGES, IMAGES.copy(), IMAGES[::-1]))
    assert first == again != other


def test_samples_without_labels_have_none(opened):
    assert opened(Toy(torch.from_numpy, labelled=False)).labels("train") is None


@pytest.mark.parametrize(
    ("name", "given", "error", "reason"),
    [
        ("a b", IMAGES, ConfigError, "must be called by letters"),
        ("mine", 7, ConfigError, "is int: give an array"),
        ("mine", "folder:x", ConfigError, "is str: give an array"),
        ("mine", {"test": IMAGES}, ConfigError, "splits are called train, test and validation"),
        ("mine", {"train": IMAGES, "dev": IMAGES}, ConfigError, "not dev"),
        ("mine", (IMAGES, LABELS[:3]), DataError, r"labels of shape \(3,\)"),
        ("mine", np.zeros((0, 8, 9)), DataError, "holds no samples"),
        ("mine", np.array([[print]]), DataError, "must be numbers"),
        ("mine", Toy(lambda image: image[: 5 + image[0, 0] % 2]), DataError, "make them one shape"),
    ],
)
def test_what_makes_no_sense_is_one_line(name, given, error, reason):
    with pytest.raises(error, match=reason) as caught:
        hold_datasets({name: given})
    assert "\n" not in str(caught.value)


def test_data_of_another_machine_says_how_to_give_it(spec):
    from genharness.data import ensure_prepared

    with pytest.raises(DataError, match=r"was given by a program.*give it again"):
        ensure_prepared(spec, "array:mine-000000000000")


@pytest.mark.slow
def test_a_study_of_what_is_in_memory_runs(tmp_path):
    asked = {"models": "noise", "baselines": False, "metrics": "fid", "features": "pixels", "results": tmp_path / "r"}
    result = run(datasets={"mine": (IMAGES[:, :8, :8].repeat(4, 0), LABELS.repeat(4))}, **asked)
    assert result.failures == {}
    (row,) = result.rows()
    assert row["dataset"].startswith("array:mine-")


@pytest.mark.slow
def test_cells_know_where_the_home_is_now_and_not_when_the_fork_server_began(tmp_path, monkeypatch):
    asked = {"models": "noise", "baselines": False, "metrics": "fid", "features": "pixels"}
    images, labels = IMAGES[:, :8, :8].repeat(4, 0), LABELS.repeat(4)
    for name, samples in {"one": images, "two": 255 - images}.items():
        monkeypatch.setenv("GENHARNESS_HOME", str(tmp_path / name))
        assert run(datasets={name: (samples, labels)}, **asked, results=tmp_path / f"results-{name}").failures == {}


def test_tables_of_pandas_are_rows(opened):
    pandas = pytest.importorskip("pandas")
    rows = RANDOM.normal(size=(30, 3))
    table = pandas.DataFrame(rows, columns=list("abc"))
    assert opened(table).content_hash == opened(rows).content_hash
    labels = np.arange(30) % 3
    assert opened((table, pandas.Series(labels))).content_hash == opened((rows, labels)).content_hash
    with pytest.raises(DataError, match="train holds object: samples must be numbers"):
        hold_datasets({"mine": table.assign(word="a")})
