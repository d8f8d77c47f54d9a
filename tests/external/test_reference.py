"""What samples are compared with."""

import numpy as np
import pytest

from genharness.errors import ConfigError, DataError
from genharness.external.reference import dataset_reference, path_reference
from genharness.external.samples import read_labels
from genharness.images import read_samples
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


RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randint(0, 256, (12, 8, 8, 3)).astype(np.uint8)
STATISTICS = {"mu": ROWS.mean(0), "sigma": np.cov(ROWS, rowvar=False)}
AN_IMAGE = DataShape("image", (3, 8, 8))


def compared(path):
    return path_reference(path, None, 0, 0, silent)


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.npz"


def test_images_beside_statistics_are_samples_and_a_compared(path):
    save(path, arr_0=IMAGES, **STATISTICS, mu_s=np.zeros(2), sigma_s=np.eye(2))
    assert read_samples(path).samples.shape == (12, 3, 8, 8)
    found = compared(path)
    assert (found.shape, found.statistics) == (DataShape("image", (3, 8, 8), 0, 12), {})
    assert found.instead is None


def test_rows_beside_statistics_are_compared_with_rows_and_the_statistics_with_images(path):
    found = compared(save(path, features=ROWS, **STATISTICS))
    rows = DataShape("tabular", (4,))
    assert found.suited_to(rows) is found
    np.testing.assert_allclose(found.suited_to(AN_IMAGE).statistics["real"].mean, ROWS.mean(0))


@pytest.mark.parametrize("names", [("mu", "sigma"), ("mean", "cov"), ("mean", "covariance")])
def test_statistics_alone_are_known_by_any_usual_name(path, names):
    found = compared(save(path, **dict(zip(names, STATISTICS.values(), strict=True))))
    np.testing.assert_array_equal(found.statistics["real"].covariance, STATISTICS["sigma"])
    with pytest.raises(DataError, match=r"holds statistics \(.*\), not samples: it can only be a --reference"):
        read_samples(path)


def test_a_second_set_without_a_name_is_said_not_to_be_used(path):
    found = read_samples(save(path, arr_0=IMAGES, arr_1=IMAGES))
    assert found.labels is None
    assert found.notes == ("not used: arr_1 (an array of labels is called labels)",)


def test_several_splits_are_no_set_of_samples(path):
    with pytest.raises(DataError, match="holds x_train, x_test: save the one set that is meant"):
        read_samples(save(path, x_train=IMAGES, x_test=IMAGES))


def test_labels_in_text_may_stand_on_one_line(tmp_path):
    (tmp_path / "l.txt").write_text("1,0, 2\n1")
    assert read_labels(tmp_path / "l.txt", 4).tolist() == [1, 0, 2, 1]


def test_what_is_no_label_is_quoted_in_part(tmp_path):
    (tmp_path / "l.txt").write_text("x" * 5000)
    with pytest.raises(DataError) as caught:
        read_labels(tmp_path / "l.txt", 4)
    assert len(str(caught.value)) < 300
