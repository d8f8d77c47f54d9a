"""What is kept only to save time: listed in words, and thrown away."""

import json

import pytest

from genharness.errors import RunError
from genharness.files import cached
from genharness.files.cached import cache_entries, clear_entry
from genharness.files.home import home

FEATURES = {"extractor": "inception", "resize": "clean", "dataset": "0123456789abcdef", "split": "train"}


def keep(kind, name, key=None, *, size=10):
    path = home() / kind / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "features":
        path.mkdir()
        (path / "features.npy").write_bytes(b"x" * size)
        (path / "entry.json").write_text(json.dumps({"key": key}))
    else:
        path.write_text(json.dumps({"content": {"key": key}}))
    return path


def test_indexes_and_kept_leaderboards_are_told_apart():
    folder = home() / "tables"
    folder.mkdir(parents=True)
    (folder / "a.json").write_bytes(b"0123abcd of /data/results/records\n{}")
    (folder / "b.txt").write_bytes(b"digest\ntext")
    assert words("tables") == ["index of the records of /data/results/records", "a leaderboard as it was last shown"]


def words(*kinds):
    return [entry.text for entry in cache_entries(kinds)]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (FEATURES, "inception of train split of dataset 0123456789, resize clean"),
        ({**FEATURES, "count": 5000, "resize": ""}, "inception of train split of dataset 0123456789, 5,000 of it"),
        ({"extractor": "pixels", "samples": "fedcba9876543210"}, "pixels of samples fedcba9876"),
        ({"decoded": "fedcba9876543210", "size": None}, "pictures of zip fedcba9876"),
        (
            {"extractor": "pixels", "derived": "radii k=5", "of": {"0": FEATURES}},
            "radii k=5, by pixels of train split of dataset 0123456789",
        ),
    ],
)
def test_features_are_named_by_what_they_are_of(key, text):
    keep("features", "a", key)
    assert words("features") == [text]


def test_scores_are_named_by_metric_and_samples():
    keep("scores", "a.json", {"metric": "fid", "protocol": {"extractor": "inception"}, "samples": "fedcba9876543210"})
    keep("scores", "b.json", {"metric": "fid", "protocol": {"extractor": "inception"}, "bands": 3})
    assert set(words("scores")) == {
        "fid by inception of samples fedcba9876",
        "fid by inception of real data beside itself",
    }


def test_what_is_remembered_of_source_is_named():
    keep("code", "meanings.json")
    assert words("code") == ["digests of source files"]


@pytest.mark.parametrize("content", ["", "[]", '{"key": {}}', '{"key": 3}'])
def test_a_damaged_entry_is_listed_as_such(content):
    keep("features", "a", FEATURES)
    (home() / "features" / "a" / "entry.json").write_text(content)
    assert words("features") == ["damaged: rebuilt when it is needed"]


def test_the_largest_comes_first_and_locks_are_no_entries():
    keep("features", "small", FEATURES, size=10)
    keep("features", "large", {**FEATURES, "extractor": "vgg"}, size=1000)
    (home() / "features" / ".large.lock").touch()
    found = cache_entries(["features"])
    assert [entry.path.name for entry in found] == ["large", "small"]
    assert found[0].size_bytes > 1000


def test_what_a_plugin_keeps_is_named_by_its_file():
    keep("weights", "net.pt")
    assert words("weights", "a-kind-that-nothing-is-in") == ["net.pt"]


def test_cleared_is_gone_and_may_be_gone_already():
    keep("features", "a", FEATURES)
    keep("scores", "b.json", {})
    entries = cache_entries(["features", "scores"])
    for entry in [*entries, *entries]:
        clear_entry(entry)
    assert cache_entries(["features", "scores"]) == []


def test_what_cannot_be_deleted_is_one_line(monkeypatch):
    keep("features", "a", FEATURES)
    (entry,) = cache_entries(["features"])

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cached, "delete", refuse)
    with pytest.raises(RunError, match=r"cannot be deleted \(Permission denied\): check its permissions"):
        clear_entry(entry)
