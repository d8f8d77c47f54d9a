"""Dataset references: what may be typed, and that it means one thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genharness.errors import ConfigError
from genharness.spec.dataset_name import DatasetReference, parse_reference, recorded_name, split_references, with_view


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cifar10", DatasetReference("cifar10")),
        ("cifar10@64", DatasetReference("cifar10", size=64)),
        ("cifar10@64:grey", DatasetReference("cifar10", size=64, channels="grey")),
        ("cifar10@rgb", DatasetReference("cifar10", channels="rgb")),
        ("covid-radiography#500", DatasetReference("covid-radiography", limit=500)),
        ("mnist#validation=1000", DatasetReference("mnist", validation=1000)),
        ("mnist@32#classes=3+8,50", DatasetReference("mnist", size=32, classes=("3", "8"), limit=50)),
        ("folder:/data/my cats", DatasetReference("folder", path="/data/my cats")),
        ("folder:/data/cats@128:rgb#10", DatasetReference("folder", "/data/cats", 128, "rgb", limit=10)),
        ("folder:/data/cats@pad", DatasetReference("folder", "/data/cats", fit="pad")),
        ("folder:/data/cats@64:grey:stretch", DatasetReference("folder", "/data/cats", 64, "grey", "stretch")),
        ("h5:/d/a.h5#images", DatasetReference("h5", "/d/a.h5", samples="images")),
        ("csv:/d/a.csv#label=my species,9", DatasetReference("csv", "/d/a.csv", label="my species", limit=9)),
        ("h5:/d/a.h5#train.x,label=train.y", DatasetReference("h5", "/d/a.h5", samples="train.x", label="train.y")),
        ("tar:/d/s-{000..009}.tar", DatasetReference("tar", "/d/s-{000..009}.tar")),
        ("hf:ylecun/mnist", DatasetReference("hf", "ylecun/mnist")),
        ("hf:nyu-mll/glue:cola#5", DatasetReference("hf", "nyu-mll/glue:cola", limit=5)),
        ("hf:/data/saved", DatasetReference("hf", "/data/saved")),
        ("folder:/data/a@b/cats", DatasetReference("folder", "/data/a@b/cats")),
        ("folder:/data/2024@64/", DatasetReference("folder", "/data/2024@64")),
    ],
)
def test_forms_are_understood(text, expected):
    assert parse_reference(text) == expected


def test_relative_path_is_taken_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse_reference("zip:faces.zip").path == str(tmp_path / "faces.zip")
    assert parse_reference("folder:a/../b").path == str(tmp_path / "b")


def test_records_have_a_dataset_under_its_absolute_path_and_anything_else_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert recorded_name("csv:wine.csv#label=kind,50") == f"csv:{tmp_path}/wine.csv#label=kind,50"
    assert recorded_name("digits") == "digits"
    assert recorded_name("no name") == "no name"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("CIFAR10", "not a dataset name"),
        ("folder:", "not a dataset name"),
        (":x", "not a dataset name"),
        ("cifar10@", "not a size"),
        ("cifar10@big", "not a size"),
        ("cifar10@64:blue", "not a size"),
        ("cifar10@64grey", "not a size"),
        ("cifar10@:grey", "not a size"),
        ("cifar10@64:pad:grey", "not a size"),
        ("cifar10@64:", "not a size"),
        ("cifar10#label=", "not a view"),
        ("cifar10#5,images", "positive whole number"),
        ("cifar10@3", "4 to 1024"),
        ("cifar10@5000", "4 to 1024"),
        ("cifar10#", "positive whole number"),
        ("cifar10#0", "positive whole number"),
        ("cifar10#-5", "positive whole number"),
        ("cifar10#validation=", "not a view"),
        ("cifar10#validation=none", "positive whole number"),
        ("cifar10#fold=3", "not a view"),
        ("cifar10#classes=", "not a view"),
        ("cifar10@" + "9" * 5000, "4 to 1024"),
        ("cifar10@\u0661\u0666", "not a size"),
        ("cifar10#" + "9" * 5000, "1,000,000,000 at most"),
        ("cifar10#validation=1000000001", "1,000,000,000 at most"),
        ("folder:a\0b", "NUL"),
        ("folder:~nobody-of-that-name/x", "cannot be resolved"),
    ],
)
def test_malformed_text_is_refused_with_the_reason(text, reason):
    with pytest.raises(ConfigError, match=reason) as caught:
        parse_reference(text)
    assert len(str(caught.value)) < 300


NAMES = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,4})?", fullmatch=True)


@given(
    st.builds(
        DatasetReference,
        name=NAMES,
        path=st.none() | st.just("/data/cats and dogs"),
        size=st.none() | st.integers(4, 1024),
        channels=st.sampled_from([None, "grey", "rgb"]),
        fit=st.sampled_from([None, "crop", "pad", "stretch"]),
        samples=st.sampled_from(["", "images", "train.x", "ÿ 2"]),
        label=st.sampled_from(["", "y", "my label"]),
        classes=st.lists(st.sampled_from(["cat", "T-shirt", "Ankle boot"]), unique=True).map(tuple),
        validation=st.none() | st.integers(1, 10**6),
        limit=st.none() | st.integers(1, 10**6),
    )
)
def test_text_of_a_reference_is_read_back(reference):
    assert parse_reference(str(reference)) == reference


@given(st.text(max_size=40))
def test_any_text_is_a_reference_or_a_config_error(text):
    try:
        reference = parse_reference(text)
    except ConfigError:
        return
    assert parse_reference(str(reference)) == reference


def test_folder_names_are_plain_and_differ():
    texts = ["a", "a@64", "a@64:grey", "a#5", "a#validation=5", "folder:/x/cats", "folder:/y/cats", "folder:/z/cäts"]
    names = [parse_reference(text).folder_name for text in texts]
    assert len(set(names)) == len(names)
    assert not any(set(name) & set('/\\:*?"<>| ') for name in names)
    assert max(map(len, (parse_reference(f"folder:/{'x' * 250}").folder_name,))) < 120


def test_views_given_beside_a_reference_replace_its_own():
    reference = parse_reference("cifar10@64#5000")
    assert str(with_view(reference, limit=10, splits="validation=100")) == "cifar10@64#validation=100,10"
    assert with_view(reference) == reference
    with pytest.raises(ConfigError, match="validation=COUNT"):
        with_view(reference, splits="kfold=5")
    with pytest.raises(ConfigError, match="positive"):
        with_view(reference, limit=0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("digits, mnist,", ("digits", "mnist")),
        ("cifar10#classes=cat+dog,5000,mnist", ("cifar10#classes=cat+dog,5000", "mnist")),
        ("digits#validation=10,5,mnist#7", ("digits#validation=10,5", "mnist#7")),
        ("folder:{0}/Smith, 2020,mnist", ("folder:{0}/Smith, 2020", "mnist")),
        ("folder:{0}/a,b,c@64:grey#5,7,digits", ("folder:{0}/a,b,c@64:grey#5,7", "digits")),
        ("mnist,folder:{0}/a,b,c,folder:{0}/Smith, 2020", ("mnist", "folder:{0}/a,b,c", "folder:{0}/Smith, 2020")),
        ("h5:x.h5#images,label=y,50,mnist", ("h5:x.h5#images,label=y,50", "mnist")),
        ("folder:{0}/a,b", ("folder:{0}/a,b",)),
        ("folder:{0}/none,b", ("folder:{0}/none", "b")),
        ("folder:a@8:grey,csv:wine.csv,folder:a@16,mnist", ("folder:a@8:grey", "csv:wine.csv", "folder:a@16", "mnist")),
    ],
)
def test_a_comma_may_stand_in_a_path_and_in_a_view(tmp_path, monkeypatch, text, expected):
    monkeypatch.chdir(tmp_path)
    for name in ("Smith, 2020", "a", "a,b", "a,b,c"):
        (tmp_path / name).mkdir()
    assert split_references(text.format(tmp_path)) == tuple(one.format(tmp_path) for one in expected)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("wine.csv", "write csv:wine.csv"),
        ("Photos", "write folder:Photos"),
        ("./Photos/@64", r"write folder:\./Photos/"),
        ("notes.txt", "write NAME, NAME@64"),
        ("none.csv", "write NAME, NAME@64"),
    ],
)
def test_data_that_lies_there_is_told_how_it_is_named(tmp_path, monkeypatch, text, meant):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Photos").mkdir()
    (tmp_path / "wine.csv").write_text("")
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(ConfigError, match=f"is not a dataset name: {meant}"):
        parse_reference(text)


def test_a_path_with_a_number_sign_says_what_to_do():
    with pytest.raises(ConfigError, match=r"'1@2' is not a positive .*, and a path may hold no #: rename it, or link"):
        parse_reference("folder:/data/hash#1@2")
    with pytest.raises(ConfigError, match=r"1,000,000,000 at most$"):
        parse_reference("digits#0")
