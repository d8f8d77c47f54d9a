"""What samples are compared with."""

import numpy as np
import pytest

from genharness.errors import ConfigError, DataError
from genharness.evaluate.reference import dataset_reference, path_reference
from genharness.measure.feature_cache import FeatureCache
from genharness.plugin.registry import load_registry
from genharness.spec.plugins import DataShape
from genharness.spec.protocol import Protocol
from genharness.spec.report import silent

PROTOCOL = Protocol(extractor="identity", sample_count=10)
ROWS = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)


@pytest.fixture
def rows(tmp_path):
    np.save(tmp_path / "rows.npy", ROWS)
    return tmp_path / "rows.npy"


@pytest.fixture
def statistics(tmp_path):
    np.savez(tmp_path / "statistics.npz", mu=ROWS.mean(0), sigma=np.cov(ROWS, rowvar=False))
    return tmp_path / "statistics.npz"


def test_samples_of_a_path_are_the_real_set_and_there_are_no_splits(rows, tmp_path):
    found = path_reference(rows, None, 0, 0, silent)
    sets = found.sets(PROTOCOL, FeatureCache(tmp_path))
    assert list(sets) == ["real"]
    assert np.array_equal(sets["real"].samples, ROWS)
    assert set(found.absent) == {"train", "test"}
    assert (found.name, found.split) == ("file:rows.npy", "reference")


def test_a_count_draws_the_same_part_with_the_same_seed_and_is_still_the_same_content(rows):
    one, again = (path_reference(rows, None, 20, 3, silent) for _ in range(2))
    other = path_reference(rows, None, 20, 4, silent)
    assert np.array_equal(one.found.samples, again.found.samples)
    assert not np.array_equal(one.found.samples, other.found.samples)
    assert one.content_hash == other.content_hash


def test_statistics_stand_in_for_real_samples_and_say_what_they_cannot_give(statistics, tmp_path):
    found = path_reference(statistics, None, 0, 0, silent)
    assert found.sets(PROTOCOL, FeatureCache(tmp_path)) == {}
    assert np.allclose(found.statistics["real"].mean, ROWS.mean(0))
    assert "holds statistics only" in found.absent["real"]
    fakes = DataShape("tabular", (4,))
    assert found.facts(fakes).shape is fakes


def test_a_part_of_statistics_cannot_be_taken(statistics):
    with pytest.raises(ConfigError, match="holds statistics of all samples: leave --reference-count out"):
        path_reference(statistics, None, 20, 0, silent)


def test_a_dataset_gives_the_reference_and_both_splits(tmp_path):
    found = dataset_reference("digits#60", "test", load_registry(), silent)
    sets = found.sets(Protocol(extractor="pixels", sample_count=10, reference_split="test"), FeatureCache(tmp_path))
    assert {name: len(part.samples) for name, part in sets.items()} == {"real": 60, "train": 60, "test": 60}
    assert found.facts(DataShape("image", (1, 8, 8))).content_hash == found.content_hash


def test_what_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"nothing")
    with pytest.raises(DataError):
        path_reference(tmp_path / "a.npy", None, 0, 0, silent)
