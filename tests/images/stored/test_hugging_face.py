"""Hugging Face datasets: saved folders without the library, the Hub through it."""

import json
import socket
import sys
from types import SimpleNamespace

import datasets
import numpy as np
import pytest

from genharness import ConfigError, DataError
from genharness.images.stored import hugging_face
from genharness.images.stored.hugging_face import is_saved, open_hub, open_saved
from packed import encoded

PNG = [encoded(np.full((4, 5), value, np.uint8)) for value in range(6)]


@pytest.fixture(scope="module")
def dataset():
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"])})
    return datasets.Dataset.from_dict(
        {"image": [{"bytes": one, "path": None} for one in PNG], "label": [0, 1] * 3}, features
    )


def samples(stored):
    return [sample for piece in stored.pieces() for sample in piece.samples]


def test_a_saved_dataset_is_read_without_the_library(dataset, tmp_path, monkeypatch):
    dataset.save_to_disk(tmp_path / "one", num_shards=2)
    datasets.DatasetDict({"train": dataset, "test": dataset.select([1])}).save_to_disk(tmp_path / "two")
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert (is_saved(tmp_path / "one"), is_saved(tmp_path)) == (True, False)
    (one,) = open_saved(tmp_path / "one").values()
    assert (samples(one), one.class_names) == (PNG, ("cat", "dog"))
    two = open_saved(tmp_path / "two")
    assert {split: len(samples(stored)) for split, stored in two.items()} == {"train": 6, "test": 1}


def test_a_dataset_of_the_hub_goes_through_the_library(dataset, monkeypatch):
    asked = []

    def load(*arguments):
        asked.append(arguments)
        return datasets.DatasetDict({"train": dataset.select([3, 2]), "test": dataset})

    monkeypatch.setattr(datasets, "load_dataset", load)
    found = open_hub("owner/name:small")
    assert asked == [("owner/name", "small")]
    assert samples(found["train"]) == [PNG[3], PNG[2]]
    assert [label for piece in found["train"].pieces() for label in piece.labels] == [1, 0]
    assert found["test"].class_names == ("cat", "dog")


def test_pictures_that_the_library_downloaded_as_files_are_embedded(tmp_path, monkeypatch):
    for place in range(3):
        (tmp_path / f"{place}.png").write_bytes(PNG[place])
    named = datasets.Dataset.from_dict({"image": [str(tmp_path / f"{place}.png") for place in range(3)]})
    named = named.cast_column("image", datasets.Image())
    monkeypatch.setattr(datasets, "load_dataset", lambda *_: datasets.DatasetDict({"train": named}))
    assert samples(open_hub("name")["train"]) == PNG[:3]


@pytest.fixture
def unreachable(monkeypatch):
    """A machine on which no name leads anywhere."""

    def fail(*_):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    monkeypatch.setattr(hugging_face, "getproxies", dict)


def test_without_a_network_the_library_is_not_left_to_try_again_and_again(monkeypatch, unreachable):
    def load(*_):
        assert datasets.config.HF_HUB_OFFLINE
        raise ConnectionError("Offline mode is enabled")

    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(DataError, match=r"huggingface\.co is not found from here, and .* no copy of it"):
        open_hub("owner/name")
    assert not datasets.config.HF_HUB_OFFLINE


def test_without_a_network_what_the_library_keeps_is_read(dataset, monkeypatch, unreachable):
    monkeypatch.setattr(datasets, "load_dataset", lambda *_: datasets.DatasetDict({"train": dataset}))
    assert samples(open_hub("name")["train"]) == PNG


def test_where_a_proxy_knows_the_names_the_library_is_asked_as_ever(monkeypatch, unreachable):
    monkeypatch.setattr(hugging_face, "getproxies", lambda: {"https": "http://proxy:3128"})
    monkeypatch.setattr(datasets, "load_dataset", lambda *_: pytest.fail(str(datasets.config.HF_HUB_OFFLINE)))
    with pytest.raises(pytest.fail.Exception, match="False"):
        open_hub("name")


def test_what_cannot_be_had_is_one_line(monkeypatch):
    def load(*_):
        raise ConnectionError("no\nnetwork")

    monkeypatch.setattr(datasets, "load_dataset", load)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [])
    with pytest.raises(DataError, match=r"hf:owner/name cannot be had \(ConnectionError: no\)"):
        open_hub("owner/name")
    with pytest.raises(ConfigError, match="is no name such as"):
        open_hub("owner/name/more")


def test_an_old_or_missing_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(__version__="2.14.0"))
    with pytest.raises(ConfigError, match=r"may run code of strangers: pip install --upgrade 'genharness\[hf\]'"):
        open_hub("name")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ConfigError, match=r"datasets is not installed: run `pip install 'genharness\[hf\]'`"):
        open_hub("name")


@pytest.mark.parametrize("name", ["../secret.arrow", "/etc/passwd", "..", "", 7])
def test_a_saved_folder_cannot_name_files_elsewhere(tmp_path, name):
    (tmp_path / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}]}))
    with pytest.raises(DataError, match="names no files of this folder"):
        open_saved(tmp_path)
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": [name]}))
    with pytest.raises(DataError, match="names no splits"):
        open_saved(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[", b"[]", b"\xff"])
def test_a_damaged_folder_is_one_line(tmp_path, content):
    (tmp_path / "state.json").write_bytes(content)
    with pytest.raises(DataError, match=r"state\.json"):
        open_saved(tmp_path)
