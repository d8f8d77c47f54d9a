"""The feature cache: computed once, whole or absent, mended when damaged, safe beside other processes."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from genharness.kit import Extracted
from genharness.measure import feature_cache
from genharness.measure.feature_cache import FeatureCache, extract

KEY = {"samples": "abc", "extractor": "pixels", "identity": "1"}


class Counter:
    def __init__(self, value=1.0, logits=True):
        self.calls, self.value, self.logits = 0, value, logits

    def __call__(self):
        self.calls += 1
        features = np.full((5, 3), self.value, np.float32)
        return Extracted(features, features[:, :2] if self.logits else None)


@pytest.mark.parametrize("logits", [True, False])
def test_an_entry_is_computed_once_and_read_as_it_was(tmp_path, logits):
    compute = Counter(logits=logits)
    first, second = (FeatureCache(tmp_path).get(KEY, compute) for _ in range(2))
    assert compute.calls == 1
    np.testing.assert_array_equal(first.features, second.features)
    assert (second.logits is not None) == logits


def test_another_key_is_another_entry(tmp_path):
    cache, compute = FeatureCache(tmp_path), Counter()
    cache.get(KEY, compute)
    cache.get({**KEY, "identity": "2"}, compute)
    assert compute.calls == 2


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "a flipped bit": lambda entry: flip_a_bit(entry / "features.npy"),
    "a cut file": lambda entry: os.truncate(entry / "logits.npy", 20),
    "an empty record": lambda entry: (entry / "entry.json").write_text(""),
    "a record of something else": lambda entry: (entry / "entry.json").write_text("[]"),
    "a missing array": lambda entry: (entry / "features.npy").unlink(),
    "a missing record": lambda entry: (entry / "entry.json").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_rebuilt(tmp_path, damage):
    cache, compute = FeatureCache(tmp_path), Counter()
    cache.get(KEY, compute)
    (entry,) = (path for path in tmp_path.iterdir() if path.is_dir())
    DAMAGES[damage](entry)
    np.testing.assert_array_equal(cache.get(KEY, compute).features, 1.0)
    assert compute.calls == 2
    cache.get(KEY, compute)
    assert compute.calls == 2


def test_a_failure_leaves_nothing_behind_and_no_lock(tmp_path):
    def fail():
        raise RuntimeError("no memory")

    cache, compute = FeatureCache(tmp_path), Counter()
    with pytest.raises(RuntimeError, match="no memory"):
        cache.get(KEY, fail)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    assert cache.get(KEY, compute).features.shape == (5, 3)


def test_a_cache_that_cannot_be_written_costs_no_result(tmp_path):
    (tmp_path / "file").touch()
    compute = Counter()
    assert FeatureCache(tmp_path / "file" / "features").get(KEY, compute).features.shape == (5, 3)


def test_several_writers_compute_an_entry_once_between_them(tmp_path):
    compute = Counter()

    def slow():
        time.sleep(0.2)
        return compute()

    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(FeatureCache(tmp_path).get, KEY, slow) for _ in range(4)]
    assert all((one.result().features == 1).all() for one in found)
    assert compute.calls == 1


def test_extraction_in_chunks_tells_its_progress():
    class Doubler:
        def extract(self, samples):
            return Extracted(2 * samples)

    done = []
    samples = np.arange(4002, dtype=np.float32).reshape(2001, 2)
    np.testing.assert_array_equal(extract(Doubler(), samples, done.append).features, 2 * samples)
    assert done == [1000, 2000, 2001]


class Doubling:
    """An extractor whose features and logits depend on every sample."""

    def __init__(self, logits=True):
        self.logits = logits

    def extract(self, samples):
        features = samples.reshape(len(samples), -1).astype(np.float32) * 2
        return Extracted(features, features[:, :3] + 1 if self.logits else None)


@pytest.mark.parametrize("logits", [True, False])
def test_large_features_lie_on_the_disk_and_are_the_same(tmp_path, monkeypatch, logits):
    samples = np.random.default_rng(0).integers(0, 256, (2500, 5, 4), np.uint8)
    expected = Doubling(logits).extract(samples)
    monkeypatch.setattr(feature_cache, "IN_MEMORY", 1000)
    told = []
    cache = FeatureCache(tmp_path)
    for found in (
        extract(Doubling(logits), samples, told.append),
        cache.get(KEY, lambda: extract(Doubling(logits), samples)),
        cache.get(KEY, lambda: pytest.fail("it was kept")),
    ):
        assert isinstance(found.features, np.memmap)
        np.testing.assert_array_equal(found.features, expected.features)
        assert (found.logits is not None) == logits
        if logits:
            np.testing.assert_array_equal(found.logits, expected.logits)
    assert told == [1000, 2000, 2500]


def test_what_is_mapped_can_be_written_to_and_the_cache_stays_as_it_was(tmp_path, monkeypatch):
    samples = np.ones((1200, 4), np.float32)
    monkeypatch.setattr(feature_cache, "IN_MEMORY", 1000)
    cache = FeatureCache(tmp_path)
    for _ in range(3):
        found = cache.get(KEY, lambda: extract(Doubling(), samples)).features
        np.testing.assert_array_equal(found, 2.0)
        found[:] = 7


def test_files_of_mapped_and_of_held_features_are_the_same(tmp_path, monkeypatch):
    samples = np.random.default_rng(0).integers(0, 256, (2500, 4), np.uint8)
    FeatureCache(tmp_path / "held").get(KEY, lambda: extract(Doubling(), samples))
    monkeypatch.setattr(feature_cache, "IN_MEMORY", 1000)
    FeatureCache(tmp_path / "mapped").get(KEY, lambda: extract(Doubling(), samples))
    held, mapped = (sorted(path for path in (tmp_path / one).rglob("*.npy")) for one in ("held", "mapped"))
    assert len(held) == 2
    assert [path.read_bytes() for path in held] == [path.read_bytes() for path in mapped]


def test_without_space_for_them_large_features_are_held(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(feature_cache, "IN_MEMORY", 1000)
    monkeypatch.setattr(feature_cache, "empty_on_disk", full)
    samples = np.ones((1200, 4), np.float32)
    found = extract(Doubling(), samples).features
    assert not isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, 2.0)


class Short(Doubling):
    def extract(self, samples):
        return super().extract(samples[:-1])


@pytest.mark.parametrize("most", [1000, 1 << 26])
def test_an_extractor_that_gives_too_few_rows_is_not_filled_up(monkeypatch, most):
    monkeypatch.setattr(feature_cache, "IN_MEMORY", most)
    assert extract(Short(), np.ones((2500, 4), np.float32)).features.shape == (2497, 4)
