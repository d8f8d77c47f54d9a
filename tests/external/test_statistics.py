"""Statistics that are written, and read back as a reference."""

import json

import numpy as np
import pytest

from genharness.errors import ConfigError, DataError
from genharness.external.reference import path_reference
from genharness.external.statistics import dataset_statistics, protocol_in, write_statistics
from genharness.functional.gaussian import GaussianStatistics
from genharness.plugin.registry import load_registry
from genharness.study.measuring import Measuring


def silent(done, total, text):
    pass


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    measuring = Measuring(features="pixels", reference_split="test", reference=100)
    path = tmp_path_factory.mktemp("statistics") / "digits.npz"
    found, made = dataset_statistics("digits", measuring, load_registry(), "cpu", None, silent)
    write_statistics(path, found, made)
    return path, found, made


def test_the_file_is_what_other_libraries_read(written):
    path, found, _ = written
    with np.load(path) as stored:
        assert stored["mu"].shape == (64,)
        assert stored["sigma"].shape == (64, 64)
        assert (stored["mu"].dtype, stored["sigma"].dtype) == (np.float64, np.float64)
        assert int(stored["count"]) == 100
    read = GaussianStatistics.load(path)
    assert (read.mean == found.mean).all()
    assert (read.covariance == found.covariance).all()


def test_the_protocol_is_inside(written):
    path, _, made = written
    assert protocol_in(path) == made
    assert made["extractor"] == "pixels"
    assert (made["dataset"], made["split"], made["count"], made["resize"]) == ("digits", "test", 100, "")
    assert len(made["extractor_identity"]) >= 8


def test_a_reference_is_held_to_the_features_that_it_is_of(written):
    reference = path_reference(written[0], None, 0, 0, silent)
    assert reference.notes == ()
    assert reference.as_made(Measuring()).features == "pixels"
    assert reference.as_made(Measuring(features="pixels")).features == "pixels"
    with pytest.raises(ConfigError, match="are of features pixels, and --features inception was asked for"):
        reference.as_made(Measuring(features="inception"))
    reference.check_weights(written[2]["extractor_identity"])
    with pytest.raises(DataError, match="are of other weights of pixels"):
        reference.check_weights("another")


def test_a_file_of_another_library_says_nothing_of_itself(tmp_path):
    np.savez(tmp_path / "a.npz", mu=np.zeros(2), sigma=np.eye(2))
    assert protocol_in(tmp_path / "a.npz") == {}
    reference = path_reference(tmp_path / "a.npz", None, 0, 0, silent)
    assert "taken to be of the same extractor" in reference.notes[0]
    assert reference.as_made(Measuring(features="inception")).features == "inception"


@pytest.mark.parametrize("text", ["{", json.dumps([1])])
def test_what_is_no_protocol_is_refused(tmp_path, text):
    np.savez(tmp_path / "a.npz", mu=np.zeros(2), sigma=np.eye(2), protocol=np.array(text))
    with pytest.raises(DataError, match="how it was made"):
        protocol_in(tmp_path / "a.npz")


def test_a_split_that_is_not_there_is_refused():
    with pytest.raises(DataError, match="has no split 'tset'; did you mean 'test'"):
        dataset_statistics("digits", Measuring(reference_split="tset"), load_registry(), "cpu", None, silent)


def test_nothing_is_left_where_the_file_cannot_be_written(tmp_path, written):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        write_statistics(tmp_path / "file" / "a.npz", written[1], written[2])
